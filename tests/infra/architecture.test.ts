import { describe, expect, it } from "vitest";
import { parseAst } from "vitest/node";
import * as z from "zod/mini";
import { unreachable } from "../../functions/core/unreachable.ts";
import { SENDING_TIMES, SERVICE_TIMES, TABLE_TIMES } from "../../functions/lambda/sdk-times.ts";
import { reach, sourceFiles } from "./source.ts";
import { clientsMade, openSwitches } from "./syntax.ts";
import { resourcesOf, synthesized } from "./synthesized.ts";

const { pipeline, steps } = synthesized();
const functions = sourceFiles("functions/**/*.{ts,tsx}");
const handlers = functions.filter(({ path }) => path.endsWith("/handler.ts"));

it("wires every handler exactly once", () => {
  const wired = steps.map(({ step }) => `functions/${step}/handler.ts`).sort();
  expect(wired).toEqual(handlers.map(({ path }) => path));
  const functionIds = resourcesOf(pipeline, "AWS::Lambda::Function").map(({ id }) => id);
  expect(functionIds.sort()).toEqual(steps.map(({ logicalId }) => logicalId).sort());
});

it("renders nothing in the senders", () => {
  const rendering = handlers
    .filter(({ path }) => path.startsWith("functions/send-"))
    .flatMap(({ path }) => reach(path).map((file) => ({ sender: path, file: file.path })))
    .filter(({ file }) => file.startsWith("functions/templates/"));
  expect(rendering).toEqual([]);
});

describe("a function's bundle holds only the AWS clients that it uses", () => {
  const clients: Record<string, string[]> = {
    "manage-api": ["dynamodb", "sqs"],
    "subscription-api": ["dynamodb", "sqs"],
    "plan-notifications": ["dynamodb", "sns", "sqs"],
    "publish-page": ["dynamodb", "s3"],
    "receive-feedback": ["dynamodb", "sns"],
    "send-email": ["dynamodb", "ses", "sqs"],
    "send-sms": ["dynamodb", "sns", "sqs"],
    "send-webhook": ["dynamodb", "sqs"],
    sweep: ["dynamodb", "ses", "sqs"],
  };

  it.each(steps.map(({ step }) => step))("%s", (step) => {
    const imports = reach(`functions/${step}/handler.ts`).flatMap((file) => file.imports);
    const used = imports.flatMap((name) => /^@aws-sdk\/client-(.+)$/.exec(name)?.[1] ?? []);
    expect([...new Set(used)].sort()).toEqual(clients[step]);
  });
});

/** What of functions/store a text takes at run time. */
function takenFromStores(text: string): string[] {
  const imports = [...text.matchAll(/^import \{([^}]*)\} from "[^"]*\/functions\/store\/[^"]*";$/gm)];
  const names = imports.flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  return names.filter((name) => name !== "" && !name.startsWith("type "));
}

describe("a table's fake that shared code with the adapter would share its faults", () => {
  /** What the stores' interfaces promise by name. */
  const PROMISED = ["InvalidCursorError", "DEFAULT_RATES"];

  it.each(sourceFiles("tests/fakes/memory-*.ts").map(({ path, text }) => [path, text]))("%s", (_, text) => {
    expect(PROMISED).toEqual(expect.arrayContaining(takenFromStores(text)));
  });

  it("is noticed", () => {
    const taking = 'import {\n  type Key,\n  timeKey,\n} from "../../functions/store/table.ts";';
    expect(takenFromStores(taking)).toEqual(["timeKey"]);
    expect(takenFromStores('import type { Key } from "../../functions/store/table.ts";')).toEqual([]);
  });
});

describe("a switch that goes on in silence when a kind is added is refused", () => {
  it.each(
    sourceFiles(
      "functions/**/*.{ts,tsx}",
      "infra/**/*.ts",
      "bench/**/*.ts",
      "tests/fakes/**/*.ts",
      "tests/simulation/**/*.ts",
    ).map(({ path, text }) => [path, text]),
  )("%s", (path, text) => {
    expect(openSwitches(text, path)).toEqual([]);
  });

  const returning = (type: string, body: string) => openSwitches(`async function f(a: A)${type} { ${body} }`);
  const all = 'switch (a.kind) { case "a": return; case "b": return; }';

  it.each([
    ["to nobody", ": Promise<void>", all],
    ["to nobody, at once", ": void", all],
    ["to anybody", ": Promise<unknown>", all],
    ["to somebody, perhaps", ": Promise<string | void>", all],
    ["undeclared", "", all],
    ["before something else", ": Promise<string>", `${all} return "";`],
    ["in a loop", ": Promise<string>", `for (;;) { ${all} }`],
    ["in a function inside", ": Promise<string>", `const g = () => { ${all} }; return g();`],
    ["in an if before something else", ": Promise<string>", `if (a) { ${all} } return "";`],
    ["in another's case", ": Promise<void>", `switch (b) { case 1: ${all} default: return; }`],
  ])("%s", (_, type, body) => {
    expect(returning(type, body)).toHaveLength(1);
  });

  it.each([
    ["the compiler closes it", ": Promise<string>", all],
    ["the compiler closes it in an if's end", ": string | undefined", `if (a) { ${all} } else { return ""; }`],
    ["a default closes it", ": Promise<void>", 'switch (a.kind) { case "a": return; default: return unreachable(a); }'],
  ])("but not where %s", (_, type, body) => {
    expect(returning(type, body)).toEqual([]);
  });
});

it("work of a kind that nobody knows is not acknowledged", () => {
  expect.assertions(1);
  const newer: never[] = JSON.parse('["fax"]');
  for (const kind of newer) expect(() => unreachable(kind)).toThrow('nothing is known of the kind "fax"');
});

describe("every client of the SDK has its times", () => {
  const made = functions.flatMap(({ path, text }) => clientsMade(text, path).map((client) => ({ path, ...client })));

  it("wherever one is made", () => {
    expect(made.filter(({ times }) => times === null)).toEqual([]);
    const makers = functions.filter(({ text }) => /\bnew [A-Z]\w*Client\(/.test(text)).map(({ path }) => path);
    expect([...new Set(made.map(({ path }) => path))]).toEqual(makers);
    expect(makers.length).toBeGreaterThanOrEqual(6);
  });

  it("the tables shorter ones", () => {
    expect(made.filter(({ text }) => /DynamoDB/.test(text)).map(({ times }) => times)).toEqual(["TABLE_TIMES"]);
  });

  it("with which one call is over, all its tries included, before any function is ended", () => {
    const seconds = resourcesOf(pipeline, "AWS::Lambda::Function").map(({ Properties }) =>
      z.number().check(z.positive()).parse(Properties.Timeout),
    );
    expect(seconds.length).toBe(steps.length);
    const milliseconds = Math.min(...seconds) * 1_000;
    expect(3 * SERVICE_TIMES.requestTimeout).toBeLessThan(milliseconds);
    expect(4 * TABLE_TIMES.requestTimeout).toBeLessThan(milliseconds);
    expect(SENDING_TIMES.requestTimeout).toBeLessThanOrEqual(milliseconds);
  });

  it("one without is found out wherever it stands", () => {
    const timesOf = (text: string) => clientsMade(text).map(({ times }) => times);
    expect(timesOf("const a = new SQSClient();")).toEqual([null]);
    expect(timesOf("const a = () => new SQSClient({ logger });")).toEqual([null]);
    expect(timesOf("class A { b = new SQSClient({ requestHandler: {} }); }")).toEqual([null]);
    expect(timesOf("f(new SQSClient({ requestHandler: TABLE_TIMES, ...given }));")).toEqual([null]);
    expect(timesOf("f(new SQSClient({ ...given, requestHandler: TABLE_TIMES }));")).toEqual(["TABLE_TIMES"]);
  });
});

describe("no call is given a list of any length as its arguments", () => {
  // Each argument takes a place on the stack: from some 100,000 on the call throws a RangeError.
  it.each(
    sourceFiles("functions/**/*.{ts,tsx}", "infra/**/*.ts", "bench/**/*.ts").map(({ path, text }) => [path, text]),
  )("%s", (path, text) => {
    expect(spreadArguments(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }), text)).toEqual([]);
  });

  it("is found out wherever it stands", () => {
    const text = "f(1, ...a); new F(...a.b()); g(...[1, 2]); h([...a]); Math.max(...(a as number[]));";
    expect(spreadArguments(parseAst(text, { lang: "ts" }), text)).toEqual(["...a", "...a.b()", "...(a as number[])"]);
  });
});

const callSchema = z.object({ arguments: z.array(z.unknown()) });
const spreadSchema = z.object({
  type: z.literal("SpreadElement"),
  start: z.number(),
  end: z.number(),
  argument: z.object({ type: z.string() }),
});

/** The text of each argument that spreads what is no literal list. */
function spreadArguments(node: unknown, text: string): string[] {
  if (typeof node !== "object" || node === null) return [];
  const call = callSchema.safeParse(node);
  const own = (call.success ? call.data.arguments : []).flatMap((argument) => {
    const spread = spreadSchema.safeParse(argument);
    return spread.success && spread.data.argument.type !== "ArrayExpression" ? [spread.data] : [];
  });
  const inner = Object.values(node).flatMap((value) => spreadArguments(value, text));
  return [...own.map(({ start, end }) => text.slice(start, end)), ...inner];
}
