import type { Scenario } from "./scenario.ts";
import type { Fault } from "./schedule.ts";

/** Long enough for the previous update to be under way, short enough for it not to be over. */
const BETWEEN_UPDATES_MS = 1_500;

/** Three updates, seven subscribers, three channels: a run of some hundred port calls, every one a place to die. */
export function smallScenario(faults: readonly Fault[] = []): Scenario {
  return {
    seed: 7,
    audience: { email: 3, sms: 2, webhook: 2 },
    manyChunks: false,
    answers: [],
    deeds: [
      { after: 0, do: "post", status: "investigating", deliver: true, stream: "prompt" },
      { after: BETWEEN_UPDATES_MS, do: "post", status: "identified", deliver: true, stream: "prompt" },
      { after: BETWEEN_UPDATES_MS, do: "post", status: "resolved", deliver: true, stream: "prompt" },
    ],
    faults,
  };
}
