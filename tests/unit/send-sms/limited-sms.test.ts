import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../functions/core/attempt.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { limitedSms } from "../../../functions/send-sms/limited-sms.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";

const MIDNIGHT = Date.UTC(2026, 10, 24);
const OVER = { outcome: "rejected", reason: "daily SMS ceiling reached", asked: false };
const ACCEPTED: AttemptOutcome = { outcome: "accepted", providerId: null };
const ANNA = { phone: "+4915112345678", country: "DE" };

function limited() {
  const access = memoryAccessStore({ random: randomBytes });
  let now = MIDNIGHT + 1;
  let writes = 0;
  const sent: string[] = [];
  const lines: string[] = [];
  const answers: AttemptOutcome[] = [];
  const sms = {
    async send({ phone }: { phone: string }) {
      sent.push(phone);
      return answers.shift() ?? ACCEPTED;
    },
  };
  const within = {
    access: {
      count: (...parameters: Parameters<typeof access.count>) => {
        writes += 1;
        return access.count(...parameters);
      },
    },
    clock: () => now,
    log: createLogger({}, { info() {}, warn: (line: string) => lines.push(line), error() {} }),
  };
  const limits = { countries: new Set(["DE"]), maxPrice: 0.15, dailyCeiling: 0.6 };
  return {
    updates: limitedSms(sms, limits, "updates", within),
    letters: limitedSms(sms, limits, "letters", within),
    sent,
    lines,
    answers,
    writes: () => writes,
    at(time: number) {
      now = time;
    },
  };
}

describe("SMS", () => {
  it("go to allowed countries only, also for whoever signed up when there were more", async () => {
    const { updates, sent, writes } = limited();
    expect(await updates.send({ phone: "+33612345678", country: "FR" }, "Down")).toEqual({
      outcome: "rejected",
      reason: "no SMS to FR",
      asked: false,
    });
    expect([sent, writes()]).toEqual([[], 0]);
  });

  it("are sent while the day has room for the highest price, and say once that it has none", async () => {
    const { updates, sent, lines, writes } = limited();
    for (let count = 0; count < 4; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(ACCEPTED);
    for (let count = 0; count < 9; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(OVER);
    expect(sent).toHaveLength(4);
    expect(lines).toHaveLength(1);
    expect(writes()).toBe(5);
  });

  it("of several segments take the price of each", async () => {
    const { updates, sent } = limited();
    const twoSegments = "Сервис недоступен. ".repeat(4);
    expect(await updates.send(ANNA, twoSegments)).toEqual(ACCEPTED);
    expect(await updates.send(ANNA, twoSegments)).toEqual(ACCEPTED);
    expect(await updates.send(ANNA, "Down")).toEqual(OVER);
    expect(sent).toHaveLength(2);
  });

  it("of several segments give back the price of each", async () => {
    const { updates, answers } = limited();
    answers.push({ outcome: "throttled" });
    await updates.send(ANNA, "ы".repeat(71));
    for (let count = 0; count < 4; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(ACCEPTED);
  });

  it("have a new day at midnight UTC", async () => {
    const { updates, at } = limited();
    for (let count = 0; count < 5; count += 1) await updates.send(ANNA, "Down");
    at(MIDNIGHT + 24 * 60 * 60 * 1_000 - 1);
    expect(await updates.send(ANNA, "Down")).toEqual(OVER);
    at(MIDNIGHT + 24 * 60 * 60 * 1_000);
    expect(await updates.send(ANNA, "Down")).toEqual(ACCEPTED);
  });

  it("that strangers can ask for leave half of it to updates", async () => {
    const { updates, letters } = limited();
    for (let count = 0; count < 2; count += 1) expect(await letters.send(ANNA, "Code")).toEqual(ACCEPTED);
    expect(await letters.send(ANNA, "Code")).toEqual(OVER);
    for (let count = 0; count < 2; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(ACCEPTED);
    expect(await updates.send(ANNA, "Down")).toEqual(OVER);
  });

  it.each<AttemptOutcome>([
    { outcome: "throttled" },
    { outcome: "gone", reason: "opted out" },
    { outcome: "rejected", reason: "InvalidParameter" },
    { outcome: "unavailable", reason: "ECONNREFUSED", retryAfterMs: null },
  ])("that were surely not sent cost nothing: $outcome", async (answer) => {
    const { updates, answers } = limited();
    answers.push(...Array.from({ length: 10 }, () => answer));
    for (let count = 0; count < 10; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(answer);
    for (let count = 0; count < 4; count += 1) expect(await updates.send(ANNA, "Down")).toEqual(ACCEPTED);
  });

  it("that may have been sent are paid for", async () => {
    const { updates, answers } = limited();
    const unknown: AttemptOutcome = { outcome: "unknown", reason: "timeout" };
    answers.push(unknown, unknown, unknown, unknown);
    for (let count = 0; count < 4; count += 1) await updates.send(ANNA, "Down");
    expect(await updates.send(ANNA, "Down")).toEqual(OVER);
  });
});
