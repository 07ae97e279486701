import { expect, it } from "vitest";
import { HOWS, samplePairs, sweepCrashPoints } from "./crash-points.ts";

/** A sweep with fewer calls than this has lost its scenario. */
const FEWEST_CALLS = 150;
const PAIRS = 60;

it.each(HOWS)("keeps its promises whatever port call is hit (%s)", async (how) => {
  const swept = await sweepCrashPoints({ hows: [how], mutation: null, first: false });
  expect(swept.failures).toEqual([]);
  expect(swept.calls).toBeGreaterThan(FEWEST_CALLS);
  expect(swept.runs).toBe(swept.calls + 1);
});

it("keeps its promises when it is hit again while it recovers", async () => {
  const { failures } = await samplePairs(PAIRS, { hows: HOWS, mutation: null, first: false });
  expect(failures).toEqual([]);
});
