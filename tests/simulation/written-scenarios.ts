import { CHANNELS } from "../../functions/core/subscriber.ts";
import type { Answer } from "./providers.ts";
import type { Deed, Scenario } from "./scenario.ts";
import { smallScenario } from "./small-scenario.ts";

const DOWN: Answer = { outcome: "unavailable", reason: "http 500", retryAfterMs: null };
const THROTTLED: Answer = { outcome: "throttled" };
/** Sooner than a stream's retry after its function died, later than after it failed. */
const PROMPT_MS = 20_000;
/** A queue that counts as lost after 75 s, a sweep a minute, and the sends themselves. */
const RESENT_MS = 200_000;

/** A sweep finds out within a minute, and the next one sets the rest going. */
const RESUMED_MS = 240_000;

const opened: Deed = { after: 0, do: "post", status: "investigating", deliver: true, stream: "prompt" };
const resolved = (after: number): Deed => ({ after, do: "post", status: "resolved", deliver: true, stream: "prompt" });

const lost = (after: number): Deed => ({ after, do: "lose", queue: null });

function scenarioOf(deeds: readonly Deed[], changes: Partial<Scenario> = {}): Scenario {
  return { ...smallScenario(), deeds, ...changes };
}

/** Scenes written for one rule each: the product plays them without a broken promise, and its mutants do not. */
export const WRITTEN_SCENARIOS = {
  undisturbed: smallScenario(),
  "the stream loses a record": scenarioOf([{ ...opened, stream: "lost" }]),
  "a batch is refused": scenarioOf([{ after: 0, do: "fail", method: "sendChunks", calls: 0 }, opened], {
    promptMs: PROMPT_MS,
  }),
  "the queues are lost": scenarioOf(
    [...CHANNELS.map((): Deed => ({ after: 0, do: "die", method: "claimChunk", calls: 0 })), opened, lost(3_000)],
    { promptMs: RESENT_MS },
  ),
  "a function dies, and its queue is lost": scenarioOf([
    { after: 0, do: "die", method: "openWindow", calls: 0 },
    opened,
    lost(3_000),
  ]),
  "functions die twice between their sends and the record": scenarioOf(
    [0, 1].map((calls): Deed => ({ after: 0, do: "die", method: "recordDeliveries", calls })).concat(opened),
    { audience: { email: 2, sms: 0, webhook: 0 } },
  ),
  "a function stands still over a window": scenarioOf(
    [{ after: 0, do: "stall", method: "closeWindow", calls: 0 }, opened],
    { audience: { email: 0, sms: 9, webhook: 0 } },
  ),
  "the retry queue is lost": scenarioOf([opened, { after: 100_000, do: "lose", queue: "webhookRetry" }], {
    audience: { email: 0, sms: 0, webhook: 2 },
    answers: [
      [DOWN, DOWN],
      [DOWN, DOWN],
    ],
  }),
  "retries come twice": scenarioOf([{ after: 0, do: "duplicate", count: 50 }, opened], {
    audience: { email: 0, sms: 0, webhook: 6 },
    answers: Array.from({ length: 6 }, () => [DOWN, DOWN]),
  }),
  "a subscriber leaves before a retry": scenarioOf([opened, { after: 20_000, do: "unsubscribe", who: 0 }], {
    answers: [[DOWN]],
  }),
  "a retry is overtaken": scenarioOf([opened, resolved(20_000)], {
    // Whether a retry meets the later update is a matter of seconds: of this many, some do.
    audience: { email: 0, sms: 0, webhook: 12 },
    answers: Array.from({ length: 12 }, () => [DOWN, DOWN]),
  }),
  "nothing of ours is taken for hours": scenarioOf(
    [
      { after: 0, do: "break", channel: "email" },
      { after: 0, do: "break", channel: "sms" },
      opened,
      resolved(600_000),
      { after: 4 * 3_600_000, do: "mend", channel: null },
    ],
    { audience: { email: 8, sms: 3, webhook: 1 }, manyChunks: true },
  ),
  "sending breaks in the middle": scenarioOf(
    [opened, { after: 1_200, do: "break", channel: "email" }, { after: 3 * 3_600_000, do: "mend", channel: "email" }],
    { audience: { email: 20, sms: 0, webhook: 0 }, resumesWithinMs: RESUMED_MS },
  ),
  "the ledger is throttled while mail is being recorded": scenarioOf([
    { after: 0, do: "busy", method: "recordDeliveries", calls: 0, times: 6 },
    { after: 0, do: "busy", method: "closeWindow", calls: 1, times: 6 },
    opened,
  ]),
  "the ledger is throttled while a retry is being recorded": scenarioOf(
    [opened, { after: 20_000, do: "busy", method: "changeDelivery", calls: 1, times: 8 }],
    { audience: { email: 1, sms: 0, webhook: 0 }, answers: [[DOWN]] },
  ),
  "replies are lost": scenarioOf([opened], {
    answers: Array.from({ length: 7 }, () => ["taken, no reply"]),
  }),
  "a queue hands out again what is in flight": scenarioOf(
    Array.from({ length: 120 }, (_, number): Deed => (number === 0 ? opened : { after: 150, do: "redeliver" })),
    { answers: Array.from({ length: 7 }, () => [THROTTLED, THROTTLED]), audience: { email: 5, sms: 3, webhook: 4 } },
  ),
} satisfies Record<string, Scenario>;

export type WrittenName = keyof typeof WRITTEN_SCENARIOS;
