import fc from "fast-check";
import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import { scenario } from "./scenarios.ts";

const SEED = 20_261_124;
const SCHEDULES = 200;

/**
 * Everybody is in one chunk at first; from some moment on, updates that find the earlier ones over are cut into more.
 */
const growing = fc.record({ base: scenario, growsAfterMs: fc.integer({ min: 0, max: 400_000 }) }).map((drawn) => ({
  ...drawn.base,
  growsAfterMs: drawn.growsAfterMs,
  manyChunks: false,
  // Then two recipients a chunk are wanted: more than twice the one chunk of the beginning.
  audience: { email: 5, sms: 5, webhook: drawn.base.audience.webhook },
}));

it("keeps its promises while chunks become more", async () => {
  await fc.assert(
    fc.asyncProperty(growing, async (played) => {
      expect((await judge(played)).broken).toEqual([]);
    }),
    { seed: SEED, numRuns: SCHEDULES, endOnFailure: false },
  );
});
