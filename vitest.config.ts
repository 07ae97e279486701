import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

interface ProjectOptions {
  testTimeout: number;
  globalSetup?: string[];
}

function project(name: string, { testTimeout, globalSetup = [] }: ProjectOptions): TestProjectInlineConfiguration {
  return {
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
    // The long ones wait for leases to run out, so more run side by side than there are cores.
    maxWorkers: 4,
    projects: [
      project("unit", { testTimeout: 60_000 }),
      project("contract", { testTimeout: 30_000, globalSetup: ["tests/contract/dynoxide.ts"] }),
      project("pipeline", { testTimeout: 60_000 }),
      project("simulation", { testTimeout: 120_000 }),
      project("infra", { testTimeout: 60_000 }),
      project("e2e", { testTimeout: 120_000 }),
    ],
  },
});
