import fc from "fast-check";
import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import { scenario } from "./scenarios.ts";

const SEED = 20_261_125;
const SCHEDULES = 400;

/** The same schedules, with changes of a component in place of an incident's updates: only webhooks hear of those. */
const changes = scenario.map((drawn) => ({
  ...drawn,
  about: "component" as const,
  audience: { email: 1, sms: 1, webhook: drawn.audience.webhook + 1 },
}));

it("keeps its promises when components change without an incident", async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (played) => {
      expect((await judge(played)).broken).toEqual([]);
    }),
    { seed: SEED, numRuns: SCHEDULES, endOnFailure: false },
  );
});
