import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { ROOT } from "./source.ts";

const DOCUMENTS = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort();
const NPM = new Set(["ci", "install", "start", "test"]);
const scripts = z.record(z.string(), z.string()).parse(packageJson.scripts);
const cdkSchema = z.object({
  globalOptions: z.record(z.string(), z.unknown()),
  commands: z.record(z.string(), z.object({ options: z.record(z.string(), z.unknown()).default({}) })),
});
const cdk = cdkSchema.parse(JSON.parse(read("node_modules/aws-cdk/lib/cli/cli-type-registry.json")));
/** Of the AWS CLI itself, and in place of a client that the project does not have. */
const AWS_GLOBAL = ["region", "output", "query", "profile"];
const AWS_OWN: Record<string, readonly string[]> = {
  "configure sso": [],
  "s3 rm": ["recursive"],
  "acm request-certificate": ["domain-name", "validation-method"],
};

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The commands in code blocks and code spans; a backslash at a line's end goes on. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|bash|)\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  const lines = blocks.join("\n").replaceAll("\\\n", " ").split("\n");
  return [...lines, ...spans]
    .flatMap((line) => (line.split(/\s#\s/)[0] ?? "").split(/\s(?:&&|\|)\s/))
    .map((command) => command.trim().replace(/^(?:[A-Z_]+=\S+ )+/, ""))
    .filter((command) => /^(?:npm|npx cdk|aws) /.test(command));
}

function optionsOf(words: readonly string[]): string[] {
  return words.flatMap((word) => /^--([a-z][\w-]*)/.exec(word)?.[1] ?? []);
}

/** What a command names that is not there; none means that it can be typed. */
function wrongIn(command: string): string[] {
  const [program, ...words] = command.split(/\s+/);
  if (program === "npm") return wrongInNpm(words);
  if (program === "aws") return wrongInAws(words);
  return wrongInCdk(words.slice(1));
}

function wrongInNpm([verb = "", ...words]: readonly string[]): string[] {
  const name = verb === "run" ? words[0] : verb;
  if (name === undefined) return [];
  const script = scripts[name];
  if (script === undefined) return NPM.has(name) ? [] : [`npm run ${name}`];
  const options = optionsOf(words.slice(words.indexOf("--") + 1));
  if (script.startsWith("cdk ")) return wrongInCdk([script.split(" ")[1] ?? "", ...options.map((one) => `--${one}`)]);
  const file = /^node (\S+\.ts)$/.exec(script)?.[1];
  if (file === undefined) return [];
  const program = globSync(`${dirname(file)}/*.ts`, { cwd: ROOT })
    .map(read)
    .join("\n");
  return options.filter((option) => option !== "help" && !program.includes(`--${option}`)).map((one) => `--${one}`);
}

function wrongInCdk([verb = "", ...words]: readonly string[]): string[] {
  const known = cdk.commands[verb];
  if (known === undefined) return [`cdk ${verb}`];
  return optionsOf(words)
    .filter((option) => !(option in known.options) && !(option in cdk.globalOptions))
    .map((option) => `--${option}`);
}

/** An SDK client has a file for each operation of its service, and a type with the members that the CLI's options name. */
function wrongInAws([service = "", operation = "", ...words]: readonly string[]): string[] {
  const own = AWS_OWN[`${service} ${operation}`];
  const options = optionsOf(words).filter((option) => !AWS_GLOBAL.includes(option));
  if (own !== undefined) return options.filter((option) => !own.includes(option)).map((one) => `--${one}`);
  const client = `node_modules/@aws-sdk/client-${service}/dist-types`;
  const name = operation.replaceAll("-", "");
  const operations = globSync(`${client}/commands/*Command.d.ts`, { cwd: ROOT }).map((path) => basename(path));
  if (!operations.some((file) => file.toLowerCase() === `${name}command.d.ts`)) return [`aws ${service} ${operation}`];
  if (options.length === 0) return [];
  const models = globSync(`${client}/models/models_*.d.ts`, { cwd: ROOT }).map(read).join("\n");
  const input = new RegExp(`export interface ${name}(?:Request|Input) {[\\s\\S]*?^}`, "im").exec(models)?.[0] ?? "";
  const members = [...input.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member = ""]) => member.toLowerCase());
  return options.filter((option) => !members.includes(option.replaceAll("-", ""))).map((one) => `--${one}`);
}

describe("every command that a document names can be typed", () => {
  it.each(DOCUMENTS)("%s", (document) => {
    const wrong = commandsIn(read(document)).map((command) => ({ command, wrong: wrongIn(command) }));
    expect(wrong.filter((one) => one.wrong.length > 0)).toEqual([]);
  });

  it.each([
    ["npm run gone", ["npm run gone"]],
    ["npm run keys -- create --nonsense x", ["--nonsense"]],
    ["npm run deploy -- --nonsense", ["--nonsense"]],
    ["npx cdk remove --all", ["cdk remove"]],
    ["npx cdk destroy --nonsense", ["--nonsense"]],
    ["aws sqs purge-queues", ["aws sqs purge-queues"]],
    ["aws sqs purge-queue --queue-name x", ["--queue-name"]],
    ["aws gone purge-queue", ["aws gone purge-queue"]],
    ["npm run keys -- create --name deploys --scopes incidents:write --days 90", []],
    ["npx cdk destroy --all", []],
    ["aws sqs receive-message --queue-url u --visibility-timeout 0 --attribute-names All", []],
  ])("or is found out: %s", (command, wrong) => {
    expect(wrongIn(command)).toEqual(wrong);
  });

  it("finds them in blocks, in prose, behind variables and over two lines", () => {
    const text =
      "```sh\nA=1 npm ci && npm start -- --demo # why\naws sns subscribe \\\n  --topic-arn x\n```\nSay `npx cdk ls`, not `ls`.";
    expect(commandsIn(text)).toEqual([
      "npm ci",
      "npm start -- --demo",
      "aws sns subscribe    --topic-arn x",
      "npx cdk ls",
    ]);
  });
});
