import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { StartFailure } from "./failure.ts";
import { type Template, templateSchema } from "./template.ts";

export interface Stack {
  name: string;
  template: Template;
}

export interface Assembly {
  stacks: Stack[];
  /** The folder of an asset, by the object key that the template knows it under. */
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

const APP = fileURLToPath(new URL("../app.ts", import.meta.url));
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs the app as `cdk synth` would and reads what it wrote. Always from scratch: a stale bundle would run code that
 * nobody can see. Throws StartFailure with the app's own error.
 */
export async function synthesize(
  outDir: string,
  context: Record<string, string>,
  stopping: AbortSignal,
): Promise<Assembly> {
  await rm(outDir, { recursive: true, force: true });
  await runApp(outDir, context, stopping);
  return readAssembly(outDir);
}

async function runApp(outDir: string, context: Record<string, string>, signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [APP], {
    cwd: PROJECT,
    signal,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
    },
  });
  let output = "";
  const collect = (bytes: Buffer) => {
    output += bytes.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new StartFailure(`The stacks do not synthesize: ${failureIn(output)}`);
}

/** The line that names the error, out of a stack trace or a bundler's report. */
function failureIn(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const named = lines.find((line) => /^(?:✘ \[ERROR\]|\w*Error\b.*:)/.test(line));
  return named ?? lines.at(-1) ?? "infra/app.ts ended without saying why";
}

export async function readAssembly(outDir: string): Promise<Assembly> {
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(outDir, name), "utf8"));
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
  if (stacks.length === 0) throw new StartFailure("infra/app.ts has no stacks");
  return { stacks, assetFolder: (objectKey) => folders.get(objectKey) ?? null };
}
