import { join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { type AssetCode, Code } from "aws-cdk-lib/aws-lambda";
import { buildSync } from "esbuild";

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
          build(join(functions, step, "handler.ts"), join(outputDir, "index.mjs"));
          return true;
        },
      },
    },
  });
}

function build(entry: string, outfile: string): void {
  buildSync({
    entryPoints: [entry],
    outfile,
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
    alias: {
      react: "preact/compat",
      "react-dom": "preact/compat",
      "react/jsx-runtime": "preact/jsx-runtime",
    },
    logLevel: "error",
  });
}
