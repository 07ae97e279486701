import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import type { AttemptOutcome } from "../../../functions/core/attempt.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { sharedPace } from "../../../functions/send-chunk/pace.ts";
import type { SendSchedule } from "../../../functions/store/access/access-store.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";

const UNVERIFIED: AttemptOutcome = {
  outcome: "sender problem",
  reason: "sender identity not verified",
  reach: "everybody",
};

it("reads the rate once for a chunk, and again where what is known of the quota grows old", async () => {
  const access = memoryAccessStore({ random: randomBytes });
  let now = Date.UTC(2026, 10, 24);
  let reads = 0;
  const counted = {
    ...access,
    getRate: (schedule: SendSchedule) => {
      reads += 1;
      return access.getRate(schedule);
    },
  };
  const pace = sharedPace({
    use: "updates",
    access: counted,
    schedule: "email",
    clock: () => now,
    sleep: async () => {},
    log: createLogger({}, { info() {}, warn() {}, error() {} }),
  });
  await access.saveRate("email", { perSecond: 10, leftToday: 1 }, now);
  expect(await pace.windowSize(25)).toBe(10);
  expect(await pace.reserve(1, now)).toMatchObject({ outcome: "go" });
  now += 29_000;
  expect(await pace.reserve(1, now)).toMatchObject({ outcome: "go" });
  expect(reads).toBe(1);
  await access.saveRate("email", { perSecond: 10, leftToday: 0 }, now);
  now += 1_000;
  expect(await pace.reserve(1, now)).toMatchObject({ outcome: "later" });
  expect(reads).toBe(2);
});

it("asks a schedule that stays full a few times a second, however soon it may have room", async () => {
  const access = memoryAccessStore({ random: randomBytes });
  let now = Date.UTC(2026, 10, 24);
  let asked = 0;
  const full: typeof access.reserveSlots = async () => {
    asked += 1;
    return { outcome: "full", retryAt: now + 1 };
  };
  const pace = sharedPace({
    use: "updates",
    access: { ...access, reserveSlots: full },
    schedule: "email",
    clock: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    log: createLogger({}, { info() {}, warn() {}, error() {} }),
  });
  expect(await pace.reserve(25, now + 10_000)).toMatchObject({ outcome: "later" });
  expect(asked).toBeLessThan(30);
});

/** Whether SMS are still held back after this was the answer to the one that was to find out. */
async function isHeldBackAfter(answer: AttemptOutcome): Promise<boolean> {
  const access = memoryAccessStore({ random: randomBytes });
  let now = Date.UTC(2026, 10, 24);
  const pace = sharedPace({
    use: "updates",
    access,
    schedule: "sms",
    clock: () => now,
    sleep: async () => {},
    log: createLogger({}, { info() {}, warn() {}, error() {} }),
  });
  await pace.learn(UNVERIFIED, null);
  now += 60_000;
  const slots = await pace.reserve(1, now);
  if (slots.outcome !== "go") throw new Error("no slot");
  expect(slots.probe?.reason).toBe("sender identity not verified");
  await pace.learn(answer, slots.probe);
  return (await access.getRate("sms")).problem !== null;
}

it.each<[AttemptOutcome, boolean]>([
  [{ outcome: "accepted", providerId: null }, false],
  [{ outcome: "rejected", reason: "invalid phone number" }, false],
  [{ outcome: "gone", reason: "opted out" }, false],
  [{ outcome: "refused", reason: "SomethingNew" }, false],
  [{ outcome: "sender problem", reason: "account in the sandbox", reach: "recipient" }, false],
  // Our own rules came first: the provider was not asked.
  [{ outcome: "rejected", reason: "no SMS to FR", asked: false }, true],
  [{ outcome: "throttled" }, true],
  [{ outcome: "quota exhausted" }, true],
  [{ outcome: "unknown", reason: "ECONNRESET" }, true],
  [{ outcome: "unavailable", reason: "busy", retryAfterMs: null }, true],
  [UNVERIFIED, true],
])("%j leaves SMS held back: %s", async (answer, held) => {
  expect(await isHeldBackAfter(answer)).toBe(held);
});
