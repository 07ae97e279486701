import { availableParallelism } from "node:os";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

interface ProjectOptions {
  groupOrder: number;
  maxWorkers: number;
  isolate: boolean;
  globalSetup?: string[];
}

function project(name: string, { groupOrder, maxWorkers, isolate, globalSetup = [] }: ProjectOptions) {
  return {
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    test: {
      name,
      include: [`tests/${name}/**/*.test.{ts,tsx}`],
      // No limit for a test: what waits follows progress (tests/fixtures/progress.ts), and the whole run has an end
      // (tests/whole-run.ts). A number of seconds that suits one machine fails on another.
      testTimeout: 0,
      hookTimeout: 0,
      maxWorkers,
      isolate,
      sequence: { groupOrder },
      globalSetup,
    },
  } satisfies TestProjectInlineConfiguration;
}

/**
 * What only computes: as many files at once as there are cores. Files share their worker, and what each of them imports
 * is loaded once: aws-cdk-lib alone takes seconds. No test patches a module, so none can meet another's patch.
 */
const sideBySide = { groupOrder: 0, maxWorkers: availableParallelism(), isolate: false };
/** What starts stacks, each of which wants a machine for itself: one file after the other, when all others are done. */
const oneByOne = { groupOrder: 1, maxWorkers: 1, isolate: true };

export default defineConfig({
  test: {
    reporters: ["default", "./tests/whole-run.ts"],
    projects: [
      project("unit", sideBySide),
      project("contract", { ...sideBySide, globalSetup: ["tests/contract/dynoxide.ts"] }),
      project("pipeline", sideBySide),
      project("simulation", sideBySide),
      project("infra", sideBySide),
      project("browser", sideBySide),
      project("e2e", { ...oneByOne, globalSetup: ["tests/e2e/shared-stack-setup.ts"] }),
    ],
  },
});
