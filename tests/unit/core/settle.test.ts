import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../functions/core/attempt.ts";
import type { Delivery } from "../../../functions/core/delivery.ts";
import { isExhausted, settle } from "../../../functions/core/settle.ts";

const NOW = 1_000_000;
const DAY = 24 * 60 * 60 * 1_000;
const sending = (channel: Delivery["channel"], changes: Partial<Delivery> = {}): Delivery => ({
  pageId: "page00000000",
  subscriberId: "subscriber00",
  subject: { kind: "incident", id: "incident0000" },
  updateId: "update000000",
  seq: 1,
  channel,
  chunk: 0,
  state: "sending",
  attempts: 1,
  unknownOutcomes: 0,
  providerId: null,
  reason: null,
  committedAt: NOW - 100,
  firstAttemptAt: NOW - 10,
  updatedAt: NOW - 10,
  nextAttemptAt: null,
  leaseUntil: NOW + 1,
  ...changes,
});
const settled = (delivery: Delivery, outcome: AttemptOutcome) => settle(delivery, outcome, NOW, 0.5);
const unknown: AttemptOutcome = { outcome: "unknown", reason: "timeout" };

describe("settle", () => {
  it("keeps the provider's id of what was accepted", () => {
    expect(settled(sending("email"), { outcome: "accepted", providerId: "ses-1" })).toMatchObject({
      state: "accepted",
      providerId: "ses-1",
      leaseUntil: null,
      nextAttemptAt: null,
    });
  });

  it("gives a delivery up whose next attempt would come too late for anybody, unless somebody asked for it", () => {
    const down: AttemptOutcome = { outcome: "unavailable", reason: "http 500", retryAfterMs: null };
    const old = { attempts: 9, committedAt: NOW - 5.5 * 24 * 60 * 60_000 };
    expect(settled(sending("webhook", old), down)).toMatchObject({ state: "failed", reason: "http 500" });
    const resent = { at: NOW, from: "failed", by: "operator" } as const;
    expect(settled(sending("webhook", { ...old, resent }), down)).toMatchObject({ state: "retrying" });
  });

  it("never sends an ambiguous SMS again", () => {
    expect(settled(sending("sms"), unknown)).toMatchObject({
      state: "ambiguous",
      nextAttemptAt: null,
      unknownOutcomes: 1,
    });
  });

  it("sends an email of unknown outcome once more, then gives up", () => {
    const first = settled(sending("email"), unknown);
    expect(first).toMatchObject({ state: "retrying", unknownOutcomes: 1, nextAttemptAt: NOW + 30_000 });
    const second = settled({ ...first, state: "sending", attempts: 2 }, unknown);
    expect(second).toMatchObject({ state: "failed", reason: "outcome unknown twice", nextAttemptAt: null });
  });

  it("keeps a webhook to its schedule and fails it when that is exhausted", () => {
    expect(settled(sending("webhook"), unknown)).toMatchObject({ state: "retrying", nextAttemptAt: NOW + 5_000 });
    const last = settled(sending("webhook", { attempts: 10 }), {
      outcome: "unavailable",
      reason: "http 500",
      retryAfterMs: null,
    });
    expect(last).toMatchObject({ state: "failed", reason: "http 500", nextAttemptAt: null });
  });

  it("does not count a throttle as an attempt", () => {
    expect(settled(sending("email"), { outcome: "throttled" })).toMatchObject({ state: "retrying", attempts: 0 });
    expect(settled(sending("email"), { outcome: "quota exhausted" })).toMatchObject({ state: "retrying", attempts: 0 });
  });

  const ours = (reach: "everybody" | "recipient"): AttemptOutcome => ({
    outcome: "sender problem",
    reason: "account paused",
    reach,
  });

  it.each(["email", "sms"] as const)("takes no attempt by %s for what is wrong with us", (channel) => {
    const last = sending(channel, { attempts: 9 });
    const held = { state: "retrying", attempts: 8, reason: "paused: account paused" };
    expect(settled(last, ours("everybody"))).toMatchObject(held);
    expect(settled(last, ours("recipient"))).toMatchObject(held);
  });

  it("ends what only this recipient waits for when it is of no use any more, and never what everybody waits for", () => {
    const old = sending("email", { committedAt: NOW - 6 * DAY });
    expect(settled(old, ours("recipient"))).toMatchObject({ state: "failed", reason: "account paused" });
    expect(settled(old, ours("everybody"))).toMatchObject({ state: "retrying" });
  });

  it("keeps trying after a refusal that nobody knows, ever more slowly, while it is of use", () => {
    const refused: AttemptOutcome = { outcome: "refused", reason: "SomethingNew" };
    const at = (attempts: number) => (settled(sending("email", { attempts }), refused).nextAttemptAt ?? 0) - NOW;
    expect([1, 2, 4, 5, 50].map(at)).toEqual([30_000, 300_000, 7_200_000, 7_200_000, 7_200_000]);
    expect(settled(sending("email"), refused)).toMatchObject({ attempts: 1, reason: "refused: SomethingNew" });
    const old = sending("email", { committedAt: NOW - 6 * DAY });
    expect(settled(old, refused)).toMatchObject({ state: "failed", reason: "SomethingNew" });
    // Somebody had it sent again: its time begins anew.
    const again = { at: NOW, from: "failed" as const };
    expect(settled({ ...old, resent: again }, refused)).toMatchObject({ state: "retrying" });
  });
});

describe("isExhausted", () => {
  const down: AttemptOutcome = { outcome: "unavailable", reason: "http 500", retryAfterMs: null };
  const last = sending("webhook", { attempts: 10 });

  it.each([down, unknown])("is so when the last of ten attempts ends as $outcome", (outcome) => {
    expect(isExhausted(settled(last, outcome), outcome)).toBe(true);
    expect(isExhausted(settled(sending("webhook", { attempts: 9 }), outcome), outcome)).toBe(false);
  });

  it("is not so after a final answer, however late it came", () => {
    const gone: AttemptOutcome = { outcome: "gone", reason: "http 410" };
    expect(isExhausted(settled(last, gone), gone)).toBe(false);
  });
});
