import * as z from "zod/mini";

/** A function's environment, parsed once at cold start. Throws one error that names every variable that is missing or wrong, never a value. */
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
