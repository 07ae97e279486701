import { describe, expect, it } from "vitest";
import { parseAst } from "vitest/node";
import { z } from "zod";
import { sourceFiles } from "./source.ts";

/**
 * An expression that ends in a repetition and may begin anywhere is tried anew from every place in a run of what it
 * repeats: 16 kB of it take a second. `withoutEnd` does the same step by step.
 */
describe("no expression looks for a repetition at the end from every place", () => {
  it.each(sourceFiles("functions/**/*.{ts,tsx}", "infra/subscribers/*.ts").map(({ path, text }) => [path, text]))(
    "%s",
    (path, text) => {
      const found = patternsIn(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }));
      expect(found.filter(isTriedFromEverywhere)).toEqual([]);
    },
  );

  it.each(["\\.+$", "[a|b]*$", "^x|\\s+$", "(?:a|b)+$", "(?<=.)\\/+$", "a+?$"])("%s is one", (pattern) => {
    expect(isTriedFromEverywhere(pattern)).toBe(true);
  });

  it.each(["^a+$", "\\.$", "a\\+$", "^(?:a|b)+$", "[+$]", "a{1,3}$"])("%s is none", (pattern) => {
    expect(isTriedFromEverywhere(pattern)).toBe(false);
  });
});

function isTriedFromEverywhere(pattern: string): boolean {
  return alternativesOf(pattern).some((each) => !each.startsWith("^") && /(?<!\\)(?:[+*]|\{\d+,\})\??\$$/.test(each));
}

/** What stands between the `|` that are in no group, no class and not escaped. */
function alternativesOf(pattern: string): string[] {
  const alternatives = [""];
  let depth = 0;
  for (const piece of pattern.match(/\\.|\[(?:\\.|[^\]\\])*\]|./gs) ?? []) {
    if (piece === "(") depth += 1;
    if (piece === ")") depth -= 1;
    if (piece === "|" && depth === 0) alternatives.push("");
    else alternatives.push(`${alternatives.pop() ?? ""}${piece}`);
  }
  return alternatives;
}

const literalSchema = z.object({ regex: z.object({ pattern: z.string() }) });
// new RegExp(String.raw`…`)
const templateSchema = z.object({
  type: z.literal("TemplateElement"),
  value: z.object({ raw: z.string() }),
});

function patternsIn(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const literal = literalSchema.safeParse(node);
  const template = templateSchema.safeParse(node);
  const own = [
    ...(literal.success ? [literal.data.regex.pattern] : []),
    ...(template.success ? [template.data.value.raw] : []),
  ];
  return [...own, ...Object.values(node).flatMap(patternsIn)];
}
