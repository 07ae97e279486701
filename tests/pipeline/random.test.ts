import fc from "fast-check";
import { expect, it } from "vitest";
import { interleavedWorld } from "./interleaved-world.ts";
import { brokenPromises } from "./promises.ts";
import { scenario } from "./scenarios.ts";

/** The same schedules every time; a failure prints seed and path, which lead back to its scenario. */
const SEED = 20_261_123;
const BUDGET_MS = 5_000;
/** Three answers at most per address: the longest schedule (webhooks) then ends well within this. */
const REST_MINUTES = 12 * 60;

it("keeps its promises in whatever order things happen", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (played) => {
      const world = interleavedWorld(played);
      const { quiet } = await world.play(REST_MINUTES);
      expect(await brokenPromises(world, quiet)).toEqual([]);
    }),
    { seed: SEED, numRuns: 10_000, interruptAfterTimeLimit: BUDGET_MS, endOnFailure: false },
  );
});
