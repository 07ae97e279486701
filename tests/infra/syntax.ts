import { parseAst } from "vitest/node";
import * as z from "zod/mini";

/** The syntax tree of a file. */
function syntaxOf(text: string, path = "file.ts"): unknown {
  return parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" });
}

const nodeSchema = z.looseObject({ type: z.string(), start: z.number(), end: z.number() });
type Node = z.infer<typeof nodeSchema>;

/** Every node of the tree that has the shape, wherever it stands. */
function nodesOf<S extends z.ZodMiniType>(tree: unknown, shape: S): z.output<S>[] {
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

const functionTypes = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const functionSchema = z.looseObject({
  body: nodeSchema,
  returnType: z.nullish(z.object({ typeAnnotation: nodeSchema })),
});
const referenceSchema = z.object({
  typeName: z.object({ name: z.string() }),
  typeArguments: z.nullish(z.object({ params: z.array(nodeSchema) })),
});
const unionSchema = z.object({ types: z.array(nodeSchema) });
const blockSchema = z.object({ body: z.array(nodeSchema) });
const branchesSchema = z.object({ consequent: nodeSchema, alternate: z.nullish(nodeSchema) });
const switchSchema = z.object({
  start: z.number(),
  discriminant: nodeSchema,
  cases: z.array(z.looseObject({ test: z.nullable(z.unknown()), consequent: z.array(nodeSchema) })),
});

/**
 * The heads of the switches that go on in silence when a kind is added. A switch is closed by a `default` (where a kind
 * cannot be left over: core/unreachable.ts), or by the compiler: it ends a function whose declared type has to be returned.
 * `Promise<void>` need not be, and then new work would be acknowledged and lost.
 */
export function openSwitches(text: string, path?: string): string[] {
  return openIn(syntaxOf(text, path), { isTail: false }).map((start) => text.slice(start).split("\n", 1)[0] ?? "");
}

/** `isTail`: what falls out of this statement falls out of a function that has to return something. */
function openIn(tree: unknown, { isTail }: { isTail: boolean }): number[] {
  if (Array.isArray(tree)) return tree.flatMap((each) => openIn(each, { isTail: false }));
  const parsed = nodeSchema.safeParse(tree);
  if (!parsed.success) {
    return typeof tree === "object" && tree !== null ? openIn(Object.values(tree), { isTail: false }) : [];
  }
  const node = parsed.data;
  if (functionTypes.has(node.type)) {
    const { body, returnType, ...rest } = functionSchema.parse(node);
    const isForced = returnType != null && mustReturn(returnType.typeAnnotation);
    return [...openIn(Object.values(rest), { isTail: false }), ...openIn(body, { isTail: isForced })];
  }
  if (node.type === "BlockStatement") return openInAll(blockSchema.parse(node).body, isTail);
  if (node.type === "IfStatement") {
    const { consequent, alternate } = branchesSchema.parse(node);
    return [...openIn(consequent, { isTail }), ...openIn(alternate, { isTail })];
  }
  if (node.type === "SwitchStatement") {
    const { start, cases } = switchSchema.parse(node);
    const isClosed = isTail || cases.some(({ test }) => test === null);
    return [...(isClosed ? [] : [start]), ...cases.flatMap(({ consequent }) => openInAll(consequent, isTail))];
  }
  return openIn(Object.values(node), { isTail: false });
}

function openInAll(statements: readonly Node[], isTail: boolean): number[] {
  return statements.flatMap((each, index) => openIn(each, { isTail: isTail && index === statements.length - 1 }));
}

/** tsconfig.json has noImplicitReturns: whatever else is declared, every path has to end in a return or a throw. */
function mustReturn(type: Node): boolean {
  if (["TSVoidKeyword", "TSAnyKeyword", "TSUnknownKeyword", "TSUndefinedKeyword"].includes(type.type)) return false;
  if (type.type === "TSUnionType") return unionSchema.parse(type).types.every(mayStandInUnion);
  if (type.type !== "TSTypeReference") return true;
  const reference = referenceSchema.safeParse(type);
  if (!reference.success || reference.data.typeName.name !== "Promise") return true;
  return (reference.data.typeArguments?.params ?? []).every(mustReturn);
}

function mayStandInUnion(type: Node): boolean {
  return type.type === "TSUndefinedKeyword" || mustReturn(type);
}
