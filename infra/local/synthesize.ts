import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { spawnBound } from "./bound-child.ts";
import { environmentWith } from "./env.ts";
import { StartFailure } from "./failure.ts";
import { type LocalSettings, localSettingsSchema } from "./local-settings.ts";
import { type Template, templateSchema } from "./template.ts";

export interface Stack {
  name: string;
  template: Template;
}

export interface Assembly {
  stacks: Stack[];
  /** The folder of an asset, by its object key in the template. */
  assetFolder(objectKey: string): string | null;
}

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({ type: z.string(), properties: z.object({ templateFile: z.string().optional() }).optional() }),
  ),
});
const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

const APP = fileURLToPath(new URL("app.ts", import.meta.url));
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Stored beside the templates: the settings they were synthesized with. */
const SETTINGS = "local-settings.json";

/**
 * Runs the app as `cdk synth` would, and reads what it wrote. Always from scratch: a stale bundle would run code that
 * nobody can see. Throws StartFailure with the app's own error.
 */
export async function synthesize(outDir: string, settings: LocalSettings, stopping: AbortSignal): Promise<Assembly> {
  await rm(outDir, { recursive: true, force: true, maxRetries: 3 });
  await runApp(outDir, settings, stopping);
  await writeFile(join(outDir, SETTINGS), JSON.stringify(settings));
  return readAssembly(outDir);
}

const MOVABLE = ["pageUrl", "manageUrl", "subscriptionsUrl"] as const;
const FIXED = ["webhookTargets", "emailsPerSecond"] as const;

/**
 * The stacks that an earlier start synthesized into `outDir`, moved to this start's addresses. Throws StartFailure if
 * there are none, or they were made for another use.
 */
export async function synthesizedEarlier(outDir: string, settings: LocalSettings): Promise<Assembly> {
  const earlier = await readFile(join(outDir, SETTINGS), "utf8").then(
    (text) => localSettingsSchema.parse(JSON.parse(text)),
    () => {
      throw new StartFailure(`--app ${outDir}: no earlier start synthesized its stacks there`);
    },
  );
  for (const key of FIXED) {
    if (earlier[key] === settings[key]) continue;
    throw new StartFailure(`--app ${outDir}: its stacks have ${key} ${earlier[key]}, not ${settings[key]}`);
  }
  const hosts = new Map(MOVABLE.map((key) => [new URL(earlier[key]).host, new URL(settings[key]).host]));
  return readAssembly(outDir, (text) => text.replace(/127\.0\.0\.1:\d+/g, (host) => hosts.get(host) ?? host));
}

async function runApp(outDir: string, settings: LocalSettings, signal: AbortSignal): Promise<void> {
  const child = spawnBound(process.execPath, [APP, JSON.stringify(settings)], {
    cwd: PROJECT,
    output: "pipe",
    env: environmentWith({ CDK_OUTDIR: outDir }),
  });
  const stop = () => child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  let output = "";
  const collect = (bytes: Buffer) => {
    output += bytes.toString();
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  if (code !== 0) throw new StartFailure(`The stacks do not synthesize: ${failureIn(output)}`);
}

/** The line that names the error, out of a stack trace or a bundler's report. */
function failureIn(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const named = lines.find((line) => /^(?:✘ \[ERROR\]|\w*Error\b.*:)/.test(line));
  return named ?? lines.at(-1) ?? "infra/local/app.ts ended without saying why";
}

async function readAssembly(outDir: string, moved = (text: string) => text): Promise<Assembly> {
  const read = async (name: string): Promise<unknown> => JSON.parse(moved(await readFile(join(outDir, name), "utf8")));
  const { artifacts } = manifestSchema.parse(await read("manifest.json"));
  const stacks: Stack[] = [];
  const folders = new Map<string, string>();
  for (const [name, { type, properties }] of Object.entries(artifacts)) {
    if (type !== "aws:cloudformation:stack" || properties?.templateFile === undefined) continue;
    stacks.push({ name, template: templateSchema.parse(await read(properties.templateFile)) });
    const { files } = assetsSchema.parse(await read(properties.templateFile.replace(".template.json", ".assets.json")));
    for (const { source, destinations } of Object.values(files)) {
      if (source.packaging !== "zip" || source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) folders.set(objectKey, join(outDir, source.path));
    }
  }
  if (stacks.length === 0) throw new StartFailure("infra/local/app.ts has no stacks");
  return { stacks, assetFolder: (objectKey) => folders.get(objectKey) ?? null };
}
