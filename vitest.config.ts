import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const require = (specifier: string) => fileURLToPath(import.meta.resolve(specifier));

// React Email's components are rendered by preact, in the bundles as in the tests.
const aliases = [
  { find: /^react\/jsx-runtime$/, replacement: require("preact/jsx-runtime") },
  { find: /^react\/jsx-dev-runtime$/, replacement: require("preact/jsx-runtime") },
  { find: /^react-dom$/, replacement: require("preact/compat") },
  { find: /^react$/, replacement: require("preact/compat") },
];

interface ProjectOptions {
  testTimeout: number;
  globalSetup?: string[];
}

function project(name: string, { testTimeout, globalSetup = [] }: ProjectOptions): TestProjectInlineConfiguration {
  return {
    resolve: { alias: aliases },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    test: {
      name,
      include: [`tests/${name}/**/*.test.{ts,tsx}`],
      testTimeout,
      hookTimeout: testTimeout,
      globalSetup,
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      project("unit", { testTimeout: 10_000 }),
      project("contract", { testTimeout: 30_000, globalSetup: ["tests/contract/dynoxide.ts"] }),
      project("pipeline", { testTimeout: 60_000 }),
      project("infra", { testTimeout: 60_000 }),
      project("e2e", { testTimeout: 120_000 }),
    ],
  },
});
