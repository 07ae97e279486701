import * as z from "zod";
import { StartFailure } from "./failure.ts";

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
export const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema).default({}),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })).default({}),
});
export type Template = z.infer<typeof templateSchema>;

/** The targets of one stack's intrinsics. */
export interface References {
  /** For error texts: the stack's name. */
  stack: string;
  /** `AWS::Region` and the like. */
  pseudo: Readonly<Record<string, string>>;
  ref(logicalId: string): Promise<unknown>;
  attribute(logicalId: string, attribute: string): Promise<unknown>;
  /** An output of another stack. */
  output(of: StackOutput): Promise<unknown>;
}

/** Region and role are left out: all stacks are on this machine. */
const stackOutputSchema = z.object({ StackName: z.string(), OutputName: z.string() });
export type StackOutput = z.infer<typeof stackOutputSchema>;

const NO_VALUE = "AWS::NoValue";

/** `value` with every intrinsic replaced by its value. Throws StartFailure for one that is not understood. */
export async function evaluate(value: unknown, to: References): Promise<unknown> {
  if (Array.isArray(value)) {
    const items = await Promise.all(value.map((item) => evaluate(item, to)));
    return items.filter((item) => item !== undefined);
  }
  if (!isRecord(value)) return value;
  const intrinsic = intrinsicOf(value);
  if (intrinsic !== null) return evaluateIntrinsic(intrinsic.name, intrinsic.argument, to);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]): Promise<[string, unknown]> => [key, await evaluate(item, to)]),
  );
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function intrinsicOf(value: Record<string, unknown>): { name: string; argument: unknown } | null {
  const [only, ...others] = Object.entries(value);
  if (only === undefined || others.length > 0) return null;
  const [name, argument] = only;
  return name === "Ref" || name.startsWith("Fn::") ? { name, argument } : null;
}

/** The resources of its own stack that `value` refers to. */
export function referredIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referredIn);
  if (!isRecord(value)) return [];
  const intrinsic = intrinsicOf(value);
  if (intrinsic === null) return Object.values(value).flatMap(referredIn);
  const { name, argument } = intrinsic;
  if (name === "Fn::Sub") {
    const [pattern] = Array.isArray(argument) ? argument : [argument];
    const named = [...String(pattern).matchAll(/\$\{([^!}.]+)[^}]*\}/g)].map(([, id = ""]) => id);
    return [
      ...named.filter((id) => !id.startsWith("AWS::")),
      ...referredIn(Array.isArray(argument) ? argument[1] : {}),
    ];
  }
  const [target] = name === "Ref" ? [argument] : name === "Fn::GetAtt" ? [argument].flat() : [];
  if (typeof target !== "string") return referredIn(argument);
  return target.startsWith("AWS::") ? [] : [target.split(".", 1)[0] ?? target];
}

async function evaluateIntrinsic(name: string, argument: unknown, to: References): Promise<unknown> {
  switch (name) {
    case "Ref":
      return refer(textOf(argument, name, to), to);
    case "Fn::GetAtt": {
      const [logicalId, attribute] = attributePath(argument, to);
      return to.attribute(logicalId, attribute);
    }
    case "Fn::Join": {
      const [separator, list] = pairOf(argument, name, to);
      const items = listOf(await evaluate(list, to), name, to);
      return items.map((item) => textOf(item, name, to)).join(textOf(separator, name, to));
    }
    case "Fn::Split": {
      const [separator, text] = pairOf(argument, name, to);
      return textOf(await evaluate(text, to), name, to).split(textOf(separator, name, to));
    }
    case "Fn::Select": {
      const [index, list] = pairOf(argument, name, to);
      const items = listOf(await evaluate(list, to), name, to);
      const position = Number(await evaluate(index, to));
      if (!(position in items)) throw misuse(name, `there is no item ${position}`, to);
      return items[position];
    }
    case "Fn::Sub":
      return substitute(argument, to);
    case "Fn::GetStackOutput": {
      const { data } = stackOutputSchema.safeParse(await evaluate(argument, to));
      if (data === undefined) throw misuse(name, "it needs StackName and OutputName", to);
      return to.output(data);
    }
    default:
      throw new StartFailure(`${to.stack}: ${name} cannot be interpreted on this machine`);
  }
}

async function refer(name: string, to: References): Promise<unknown> {
  if (name === NO_VALUE) return undefined;
  if (!name.startsWith("AWS::")) return to.ref(name);
  const value = to.pseudo[name];
  if (value === undefined) throw misuse("Ref", `${name} has no value on this machine`, to);
  return value;
}

function attributePath(argument: unknown, to: References): [string, string] {
  const path = typeof argument === "string" ? argument.split(".") : argument;
  if (!Array.isArray(path)) throw misuse("Fn::GetAtt", "it needs a resource and an attribute", to);
  const [logicalId, ...attribute] = path;
  if (typeof logicalId !== "string" || attribute.length === 0) {
    throw misuse("Fn::GetAtt", "it needs a resource and an attribute", to);
  }
  return [logicalId, attribute.join(".")];
}

/** `${Name}` is a Ref, `${Name.Attribute}` a GetAtt, `${!Literal}` stays; names of the second argument come first. */
async function substitute(argument: unknown, to: References): Promise<string> {
  const [pattern, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const text = textOf(pattern, "Fn::Sub", to);
  if (!isRecord(variables)) throw misuse("Fn::Sub", "its second argument must be a map", to);
  let result = "";
  let from = 0;
  for (const match of text.matchAll(/\$\{(!?)([^}]*)\}/g)) {
    const [whole, literal, name = ""] = match;
    result += text.slice(from, match.index) + (literal ? `\${${name}}` : await substituteName(name, variables, to));
    from = match.index + whole.length;
  }
  return result + text.slice(from);
}

async function substituteName(name: string, variables: Record<string, unknown>, to: References): Promise<string> {
  if (Object.hasOwn(variables, name)) return textOf(await evaluate(variables[name], to), "Fn::Sub", to);
  if (!name.includes(".")) return textOf(await refer(name, to), "Fn::Sub", to);
  const [logicalId, attribute] = attributePath(name, to);
  return textOf(await to.attribute(logicalId, attribute), "Fn::Sub", to);
}

function pairOf(argument: unknown, name: string, to: References): [unknown, unknown] {
  if (!Array.isArray(argument) || argument.length !== 2) throw misuse(name, "it needs two arguments", to);
  return [argument[0], argument[1]];
}

function listOf(value: unknown, name: string, to: References): unknown[] {
  if (!Array.isArray(value)) throw misuse(name, "it needs a list", to);
  return value;
}

function textOf(value: unknown, name: string, to: References): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw misuse(name, "it needs text", to);
}

function misuse(name: string, why: string, to: References): StartFailure {
  return new StartFailure(`${to.stack}: ${name} cannot be interpreted: ${why}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
