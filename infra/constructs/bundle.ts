import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { type AssetCode, Code } from "aws-cdk-lib/aws-lambda";
import { type BuildOptions, buildSync, type OutputFile } from "esbuild";

const functions = join(import.meta.dirname, "../../functions");

/**
 * `functions/<step>/handler.ts` with everything that it uses as one minified ES module, `index.mjs`, and its source
 * map. This calls esbuild by its API: NodejsFunction runs it through npx, which takes half a second for each function.
 */
export function bundle(step: string): AssetCode {
  return Code.fromAsset(join(functions, step), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The image is never pulled: bundling runs here, or the build's own error stops the synthesis.
      image: DockerImage.fromRegistry("none"),
      local: {
        tryBundle(outputDir) {
          for (const { name, contents } of bundledFiles(step)) writeFileSync(join(outputDir, name), contents);
          return true;
        },
      },
    },
  });
}

let built: Map<string, { name: string; contents: Uint8Array }[]> | null = null;

/** `index.mjs` and its source map. */
export function bundledFiles(step: string): { name: string; contents: Uint8Array }[] {
  built ??= Map.groupBy(buildAll().map(toOutput), (output) => output.step);
  return built.get(step) ?? [];
}

/** Every folder with a handler. */
export function bundledSteps(): string[] {
  return readdirSync(functions).filter((step) => existsSync(join(functions, step, "handler.ts")));
}

export const bundleOptions = {
  write: false,
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // ES modules if a package has them: CommonJS bundles are almost twice the size, and some crash on load.
  mainFields: ["module", "main"],
  // The SDK looks there for credentials when the environment has none. On Lambda it always has them, so this saves a
  // hundred kilobytes.
  external: ["sso", "ini", "process", "web-identity", "login", "http"].map(
    (source) => `@aws-sdk/credential-provider-${source}`,
  ),
  // CommonJS packages call `require` for Node's own modules, which an ES module does not have.
  banner: {
    js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "error",
} satisfies BuildOptions;

/** Builds all at once: what eight bundles share is read and parsed once. */
function buildAll(): OutputFile[] {
  return buildSync({
    ...bundleOptions,
    entryPoints: Object.fromEntries(
      bundledSteps().map((step) => [`${step}/index`, join(functions, step, "handler.ts")]),
    ),
    // Nothing is written there: each output goes into the folder of its asset.
    outdir: join(functions, "bundles"),
    outExtension: { ".js": ".mjs" },
  }).outputFiles;
}

function toOutput({ path, contents }: OutputFile) {
  return { step: basename(dirname(path)), name: basename(path), contents };
}
