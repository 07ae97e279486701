import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const FIXTURE = fileURLToPath(new URL("../fixtures/pictures.ts", import.meta.url));
// Beside the packages, which stay outside of the bundle.
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** What the fixture renders. Node runs no JSX, so it is bundled first, as the functions are. */
export async function renderedPictures(): Promise<{ name: string; html: string; widths: readonly number[] }[]> {
  const folder = await mkdtemp(join(PROJECT, "node_modules", ".pictures-"));
  try {
    const outfile = join(folder, "pictures.mjs");
    await build({
      entryPoints: [FIXTURE],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node24",
      jsx: "automatic",
      jsxImportSource: "preact",
      packages: "external",
      logLevel: "error",
    });
    const { pictures }: typeof import("../fixtures/pictures.ts") = await import(pathToFileURL(outfile).href);
    return await pictures();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
