import { parseAst } from "vitest/node";
import * as z from "zod/mini";

/** The syntax tree of a file. */
export function syntaxOf(text: string, path = "file.ts"): unknown {
  return parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" });
}

const nodeSchema = z.looseObject({ type: z.string(), start: z.number(), end: z.number() });
export type Node = z.infer<typeof nodeSchema>;

/** Every node of the tree that has the shape, wherever it stands. */
export function nodesOf<S extends z.ZodMiniType>(tree: unknown, shape: S): z.output<S>[] {
  if (typeof tree !== "object" || tree === null) return [];
  const own = shape.safeParse(tree);
  const inner = Object.values(tree).flatMap((value) => nodesOf(value, shape));
  return own.success ? [own.data, ...inner] : inner;
}

const clientSchema = z.object({
  type: z.literal("NewExpression"),
  start: z.number(),
  end: z.number(),
  callee: z.object({ type: z.literal("Identifier"), name: z.string().check(z.regex(/^[A-Z].*Client$/)) }),
  arguments: z.array(z.unknown()),
});
const timesSchema = z.object({
  type: z.literal("Property"),
  key: z.object({ name: z.literal("requestHandler") }),
  value: z.object({ type: z.literal("Identifier"), name: z.enum(["SENDING_TIMES", "SERVICE_TIMES", "TABLE_TIMES"]) }),
});
const optionsSchema = z.object({ type: z.literal("ObjectExpression"), properties: z.array(z.unknown()) });

export interface ClientMade {
  text: string;
  /** Which of the times of functions/lambda/sdk-times.ts it takes. A spread behind them could take them away again. */
  times: string | null;
}

/** The clients of the SDK that a file makes. */
export function clientsMade(text: string, path?: string): ClientMade[] {
  return nodesOf(syntaxOf(text, path), clientSchema).map(({ start, end, arguments: [given] }) => {
    const options = optionsSchema.safeParse(given);
    const properties = options.success ? options.data.properties : [];
    const found = properties.map((property) => timesSchema.safeParse(property));
    const at = found.findIndex(({ success }) => success);
    const isLast = !properties.slice(at + 1).some((property) => nodeSchema.parse(property).type === "SpreadElement");
    const times = at >= 0 && isLast ? (found[at]?.data?.value.name ?? null) : null;
    return { text: text.slice(start, end), times };
  });
}
