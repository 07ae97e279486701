import { type ParseArgsConfig, parseArgs } from "node:util";
import { z } from "zod";
import { cleanLine, showsSomething } from "../functions/core/invisible.ts";

/** What is wrong with a command's options; shown with the usage. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A name that people will read, by the rules that the API has for names. */
export function nameOption(limit: number) {
  return z
    .string("is missing")
    .trim()
    .min(1, "must not be empty")
    .max(limit, `must not be longer than ${limit} characters`)
    .refine(showsSomething, "shows nothing: it has only characters that cannot be seen")
    .refine((name) => !/[\p{Cc}\u2028\u2029]/u.test(name), "must not contain control characters")
    .overwrite(cleanLine);
}

/**
 * A command of package.json. `--help` shows the usage and is no failure, whatever stands beside it. Wrong options are
 * named above the usage; any other error is one line. The exit code is `run`'s, or 1.
 */
export async function runCommand(usage: string, run: (args: string[]) => Promise<number>): Promise<void> {
  const args = process.argv.slice(2);
  if (wantsHelp(args)) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await run(args);
  } catch (error) {
    const wrong = wrongUsage(error);
    if (wrong !== null) console.error(`${wrong}\n\n${usage}`);
    else console.error(error instanceof Error ? error.message || error.name : error);
    process.exitCode = 1;
  }
}

/** The same for a script that reads its options at its top: it ends here if there is nothing to run. */
export function readOptions<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (wantsHelp(process.argv.slice(2))) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${wrongUsage(error) ?? error}\n\n${usage}`);
    process.exit(1);
  }
}

function wantsHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

const parseArgsErrorSchema = z.object({ code: z.string().startsWith("ERR_PARSE_ARGS_"), message: z.string() });

/** The message for wrong options, from us, zod or parseArgs; null: it is another error. */
function wrongUsage(error: unknown): string | null {
  if (error instanceof UsageError) return error.message;
  if (error instanceof z.ZodError) {
    return error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n");
  }
  const parsed = parseArgsErrorSchema.safeParse(error);
  // The first sentence says what is wrong; the others advise on arguments that begin with a dash.
  return parsed.success ? (parsed.data.message.split(". ", 1)[0] ?? "") : null;
}
