import type { Mutation } from "./mutation.ts";
import { brokenPromises } from "./promises.ts";
import type { Scenario } from "./scenario.ts";
import { simulatedWorld } from "./simulated-world.ts";

/** At most three answers per address: so the longest schedule (webhooks) ends well within this. */
const REST_MINUTES = 12 * 60;

export interface Verdict {
  /** The broken promises in words; empty if all were kept. */
  broken: string[];
  /** The port calls of the run, by name, in their order. */
  calls: readonly string[];
  /** Requests that reached a provider. */
  requests: number;
}

/** Plays a scenario to its end and judges its history. */
export async function judge(scenario: Scenario, mutation: Mutation | null = null): Promise<Verdict> {
  const world = simulatedWorld(scenario, mutation);
  const { quiet } = await world.play(REST_MINUTES);
  return {
    broken: await brokenPromises(world, quiet),
    calls: world.schedule.trace,
    requests: world.requests.length,
  };
}
