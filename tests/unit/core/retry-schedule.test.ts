import { describe, expect, it } from "vitest";
import { retryDelay } from "../../../functions/core/retry-schedule.ts";
import { CHANNELS, type Channel } from "../../../functions/core/subscriber.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** All delays of a channel without jitter, until it is exhausted. */
function schedule(channel: Channel): number[] {
  const delays: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const delay = retryDelay(channel, attempts, 0.5, null);
    if (delay === null) return delays;
    delays.push(delay);
  }
}

describe("retryDelay", () => {
  it("tries webhooks ten times over three days, as Standard Webhooks asks", () => {
    const delays = schedule("webhook");
    expect(delays).toEqual([
      5 * SECOND,
      5 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      5 * HOUR,
      10 * HOUR,
      14 * HOUR,
      20 * HOUR,
      24 * HOUR,
    ]);
    expect(delays.reduce((sum, delay) => sum + delay, 0)).toBeGreaterThan(72 * HOUR);
  });

  it("gives email and SMS up sooner", () => {
    expect(schedule("email")).toEqual([30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]);
    expect(schedule("sms")).toEqual([30 * SECOND, 5 * MINUTE]);
  });

  it.each(CHANNELS)("spreads %s by 20 % to either side", (channel) => {
    for (const [index, base] of schedule(channel).entries()) {
      expect(retryDelay(channel, index + 1, 0, null)).toBe(Math.round(base * 0.8));
      expect(retryDelay(channel, index + 1, 1 - Number.EPSILON, null)).toBe(Math.round(base * 1.2));
    }
  });

  it.each([
    { asked: 0, delay: 5 * SECOND },
    { asked: 2 * SECOND, delay: 5 * SECOND },
    { asked: MINUTE, delay: MINUTE },
    { asked: 10 * HOUR, delay: 10 * HOUR },
    { asked: 1_000 * HOUR, delay: 10 * HOUR },
  ])("takes Retry-After of $asked ms as $delay ms after the first attempt", ({ asked, delay }) => {
    expect(retryDelay("webhook", 1, 0.5, asked)).toBe(delay);
  });

  it("keeps to its own delay where that is longer than the ten hours", () => {
    expect(retryDelay("webhook", 9, 0.5, 1_000 * HOUR)).toBe(24 * HOUR);
  });

  it("does not go on because an exhausted endpoint asks for it", () => {
    expect(retryDelay("webhook", 10, 0.5, MINUTE)).toBeNull();
  });
});
