import fc from "fast-check";
import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import { scenario } from "./scenarios.ts";

/**
 * The same schedules every time. A failure prints seed and path: `npm run simulate -- --seed S --path P` plays it
 * again.
 */
const SEED = 20_261_123;
const SCHEDULES = 400;

it("keeps its promises in whatever order things happen", async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (played) => {
      expect((await judge(played)).broken).toEqual([]);
    }),
    { seed: SEED, numRuns: SCHEDULES, endOnFailure: false },
  );
});
