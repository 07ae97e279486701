import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { type AssetCode, Code } from "aws-cdk-lib/aws-lambda";
import { buildSync, type OutputFile } from "esbuild";

const functions = join(import.meta.dirname, "../../functions");

/**
 * `functions/<step>/handler.ts` with all that it uses as one minified ES module, `index.mjs`, and its source map.
 * esbuild is called by its API: NodejsFunction runs it through npx, which takes half a second for each function.
 */
export function bundle(step: string): AssetCode {
  return Code.fromAsset(join(functions, step), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: bundling runs here, or the build's own error stops the synthesis.
      image: DockerImage.fromRegistry("none"),
      local: {
        tryBundle(outputDir) {
          for (const { name, contents } of outputsOf(step)) writeFileSync(join(outputDir, name), contents);
          return true;
        },
      },
    },
  });
}

let built: Map<string, { name: string; contents: Uint8Array }[]> | null = null;

function outputsOf(step: string): { name: string; contents: Uint8Array }[] {
  built ??= Map.groupBy(buildAll().map(toOutput), (output) => output.step);
  return built.get(step) ?? [];
}

/** All at once: what eight bundles share is read and parsed once. */
function buildAll(): OutputFile[] {
  const steps = readdirSync(functions).filter((step) => existsSync(join(functions, step, "handler.ts")));
  return buildSync({
    entryPoints: Object.fromEntries(steps.map((step) => [`${step}/index`, join(functions, step, "handler.ts")])),
    // Never written there: each output goes into the folder of its asset.
    outdir: join(functions, "bundles"),
    outExtension: { ".js": ".mjs" },
    write: false,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // ES modules where a package has them: CommonJS bundles are almost twice the size, and some crash on load.
    mainFields: ["module", "main"],
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
  }).outputFiles;
}

function toOutput({ path, contents }: OutputFile) {
  return { step: basename(dirname(path)), name: basename(path), contents };
}
