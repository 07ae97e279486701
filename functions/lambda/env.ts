import * as z from "zod/mini";
import { sha256Hex } from "../core/ids.ts";

/** The names of the tables that most functions use. */
export const tables = {
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
};

/** ISO 3166 codes of countries, separated by commas; may be empty. */
export const countries = z.pipe(
  z.string(),
  z.transform((text): ReadonlySet<string> => new Set(text === "" ? [] : text.split(","))),
);

export const usd = z.pipe(
  z.string().check(z.regex(/^\d+(\.\d+)?$/, "must be a decimal number of USD")),
  z.transform(Number),
);

/** All that the page's files are made with besides the tables, code and settings, in whatever words: its hash. */
export const build = z.pipe(
  z.string().check(z.minLength(1)),
  z.transform((text: string) => sha256Hex(text)),
);

/** What may be left out. A variable is never absent, so it is empty then. */
export function orNone<S extends z.ZodMiniType<string, string>>(schema: S) {
  return z.union([
    z.pipe(
      z.literal(""),
      z.transform(() => null),
    ),
    schema,
  ]);
}

/**
 * A function's environment, parsed once at cold start. Throws one error that names every variable that is missing or
 * wrong, never a value.
 */
export function readEnv<S extends z.ZodMiniType>(
  schema: S,
  source: Readonly<Record<string, string | undefined>> = process.env,
): z.output<S> {
  const parsed = z.safeParse(schema, source);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.map(String).join(".");
    const absent = source[name] === undefined || source[name] === "";
    return absent ? `${name} is missing` : `${name} is not valid: ${issue.message}`;
  });
  throw new Error(`Environment: ${problems.join("; ")}`);
}
