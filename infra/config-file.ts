import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { parseSettings, type Settings, SettingsError } from "./settings.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLE = "tocsin.config.example.ts";

const moduleSchema = z.object({ default: z.unknown() });

/**
 * The settings in tocsin.config.ts, or in the file that TOCSIN_CONFIG names: an account may hold several deployments.
 * There are no default settings: a deployment from a folder without the file would forget all that was set. Throws
 * SettingsError.
 */
export async function readSettings(shell: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const named = shell.TOCSIN_CONFIG;
  const path = resolve(PROJECT, named === undefined || named === "" ? "tocsin.config.ts" : named);
  if (!existsSync(path)) {
    throw new SettingsError(`There is no ${nameOf(path)}: copy ${EXAMPLE} to it, and set what is yours`);
  }
  return readFrom(path);
}

/** The same, or the example's if there is no file yet: for commands that deploy nothing. */
export async function readSettingsOrExample(shell: Readonly<Record<string, string | undefined>>): Promise<Settings> {
  const own = resolve(PROJECT, "tocsin.config.ts");
  return shell.TOCSIN_CONFIG || existsSync(own) ? readSettings(shell) : readFrom(resolve(PROJECT, EXAMPLE));
}

async function readFrom(path: string): Promise<Settings> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(path).href);
  } catch (error) {
    // A syntax error has its place in the first line of its stack.
    const [place = ""] = error instanceof SyntaxError ? (error.stack ?? "").split("\n") : [];
    const where = /:(\d+)$/.exec(place)?.[1];
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new SettingsError(`${nameOf(path)}${where === undefined ? "" : `, line ${where}`}: ${reason}`);
  }
  return parseSettings(moduleSchema.safeParse(module).data?.default, nameOf(path));
}

/** The path as an operator writes it. */
function nameOf(path: string): string {
  const below = relative(PROJECT, path);
  return below.startsWith("..") ? path : below;
}

/**
 * Settings are only in the file. A context value from the CLI's command line or its context files is refused if it is
 * neither in cdk.json nor CDK's own (those have a colon or an @): otherwise it would be ignored without a word.
 */
export function refuseContext(given: Readonly<Record<string, unknown>>, own: Readonly<Record<string, unknown>>): void {
  const stray = Object.keys(given).filter((key) => !(key in own) && !/[:@]/.test(key));
  if (stray.length === 0) return;
  throw new SettingsError(`-c ${stray.join(", -c ")}: settings are in tocsin.config.ts, and nothing is read from -c`);
}
