import fc from "fast-check";
import { CHANNELS } from "../../functions/core/subscriber.ts";
import type { Answer } from "./providers.ts";
import type { Deed, Scenario, Stream } from "./scenario.ts";

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Answer>({ outcome: "accepted", providerId: null }) },
  { weight: 3, arbitrary: fc.constant<Answer>({ outcome: "unavailable", reason: "http 500", retryAfterMs: null }) },
  { weight: 2, arbitrary: fc.constant<Answer>("taken, no reply") },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "unknown", reason: "reset" }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "throttled" }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "quota exhausted" }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "rejected", reason: "no such address" }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "gone", reason: "http 410" }) },
  { weight: 1, arbitrary: fc.constant<Answer>({ outcome: "refused", reason: "SomethingNew" }) },
  {
    weight: 1,
    arbitrary: fc.constant<Answer>({ outcome: "sender problem", reason: "account in the sandbox", reach: "recipient" }),
  },
);

/** Milliseconds: mostly close together, sometimes as far as leases, sweeps and retries are. */
const pause = fc.oneof(
  fc.integer({ min: 0, max: 500 }),
  fc.integer({ min: 0, max: 20_000 }),
  fc.integer({ min: 0, max: 200_000 }),
);
const who = fc.nat(20);
const NEVER_MS = 1_000_000_000;

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("post" as const),
      status: fc.constantFrom("identified" as const, "monitoring" as const, "resolved" as const),
      deliver: fc.nat(7).map((number) => number > 0),
      stream: fc.oneof(
        { weight: 5, arbitrary: fc.constant<Stream>("prompt") },
        { weight: 1, arbitrary: fc.constantFrom<Stream>("lost", "late", "twice") },
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ after: pause, do: fc.constant("kill" as const), who, calls: fc.nat(60) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("fail" as const),
      method: fc.constant(null),
      calls: fc.nat(150),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("fail" as const),
      method: fc.constantFrom("changeState", "pause", "reserveSlots", "openWindow", "closeWindow", "postponeDue"),
      calls: fc.nat(3),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("die" as const),
      method: fc.constantFrom(
        ...["openWindow", "recordDeliveries", "closeWindow", "finishChunk", "changeDelivery", "sendRetry"],
        ...["markPlanned", "requeueChunk", "sendChunks", "postponeDue", "yieldChunk"],
      ),
      calls: fc.nat(3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("lose" as const),
      queue: fc.constantFrom(null, null, "plan" as const, "webhookRetry" as const, ...CHANNELS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("busy" as const),
      method: fc.constantFrom(
        ...["recordDeliveries", "recordDeliveries", "changeDelivery", "closeWindow", "finishChunk", "yieldChunk"],
        ...["openWindow", "claimChunk", "reserveSlots", "getMany", "markPlanned", "requeueChunk", "postponeDue"],
      ),
      calls: fc.nat(3),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ after: pause, do: fc.constant("redeliver" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("break" as const),
      channel: fc.constantFrom("email" as const, "sms" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("mend" as const),
      channel: fc.constantFrom("email" as const, "sms" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ after: pause, do: fc.constant("join" as const), channel: fc.constantFrom(...CHANNELS) }),
  },
  { weight: 1, arbitrary: fc.record({ after: pause, do: fc.constant("duplicate" as const), count: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      after: pause,
      do: fc.constant("freeze" as const),
      who,
      calls: fc.nat(60),
      milliseconds: fc.integer({ min: 1_000, max: 150_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ after: pause, do: fc.constant("unsubscribe" as const), who }) },
  { weight: 1, arbitrary: fc.record({ after: pause, do: fc.constant("quarantine" as const), who }) },
  { weight: 1, arbitrary: fc.record({ after: pause, do: fc.constant("withdraw" as const) }) },
);

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(),
  audience: fc.record({ email: fc.nat(5), sms: fc.nat(3), webhook: fc.nat(4) }),
  manyChunks: fc.boolean(),
  growsAfterMs: fc.oneof(fc.constant(NEVER_MS), fc.nat(300_000)),
  answers: fc.array(fc.array(answer, { maxLength: 3 }), { maxLength: 12 }),
  deeds: fc
    .array(deed, { maxLength: 12 })
    .map((deeds): Deed[] => [
      { after: 0, do: "post", status: "investigating", deliver: true, stream: "prompt" },
      ...deeds,
    ]),
});
