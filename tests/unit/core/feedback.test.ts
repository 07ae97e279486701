import { describe, expect, it } from "vitest";
import { BOUNCED_DAYS, type Feedback, judge, type Report, type Verdict } from "../../../functions/core/feedback.ts";
import type { EmailSubscriber, TransientBounces } from "../../../functions/core/subscriber.ts";
import { aSubscriber, NOW } from "../../contract/samples.ts";

const HOUR = 60 * 60 * 1_000;
const DAY = 24 * HOUR;
const PERMANENT: Report = { kind: "permanent bounce", subtype: "General" };
const FULL: Report = { kind: "transient bounce", subtype: "MailboxFull" };

const subscriber = aSubscriber("page00000000", { id: "subscriber00", email: "Anna@Example.com" });
function feedback(report: Report, at = NOW + HOUR): Feedback {
  return {
    pageId: subscriber.pageId,
    subscriberId: subscriber.id,
    update: null,
    address: "anna@example.com",
    mailId: "m1",
    sentAt: at - 1_000,
    at,
    report,
  };
}
const judged = (changes: Partial<EmailSubscriber>, report: Report, at?: number) =>
  judge({ ...subscriber, ...changes }, feedback(report, at));

describe("feedback on an address", () => {
  it("quarantines at once for a permanent bounce and for a complaint, before and after confirmation", () => {
    for (const changes of [{}, { state: "unconfirmed", confirmedAt: null }] as const) {
      expect(judged(changes, PERMANENT)).toEqual({ do: "quarantine", reason: "bounce" });
      expect(judged(changes, { kind: "complaint", unsent: false })).toEqual({ do: "quarantine", reason: "complaint" });
    }
  });

  it("leaves whoever is out already, whoever is gone, and whoever has another address", () => {
    expect(judge(null, feedback(PERMANENT))).toEqual({ do: "nothing" });
    for (const state of ["quarantined", "unsubscribed"] as const) {
      expect(judged({ state }, PERMANENT)).toEqual({ do: "nothing" });
    }
    expect(judged({ email: "anna@example.org" }, PERMANENT)).toEqual({ do: "nothing" });
  });

  it("remembers a complaint of whoever has left, or bounced before, once", () => {
    const complaint: Report = { kind: "complaint", unsent: false };
    const remember = { do: "remember", reason: "complaint" };
    expect(judged({ state: "unsubscribed" }, complaint)).toEqual(remember);
    expect(judged({ state: "quarantined", quarantineReason: "bounce" }, complaint)).toEqual(remember);
    for (const state of ["quarantined", "unsubscribed"] as const) {
      expect(judged({ state, quarantineReason: "complaint" }, complaint)).toEqual({ do: "nothing" });
    }
    expect(judged({ state: "unsubscribed", confirmedAt: NOW + 2 * HOUR }, complaint)).toEqual({ do: "nothing" });
  });

  it("does not take what bounced before a new sign-up for its bounce; a complaint counts however late it is told", () => {
    const again = { state: "unconfirmed", confirmedAt: null, updatedAt: NOW + 2 * HOUR } as const;
    for (const report of [PERMANENT, FULL]) expect(judged(again, report)).toEqual({ do: "nothing" });
    expect(judged(again, PERMANENT, NOW + 3 * HOUR)).toEqual({ do: "quarantine", reason: "bounce" });
    expect(judged(again, { kind: "complaint", unsent: false })).toMatchObject({ do: "quarantine" });
  });

  it("does not undo a reactivation that came after it", () => {
    expect(judged({ confirmedAt: NOW + 2 * HOUR }, PERMANENT)).toEqual({ do: "nothing" });
    expect(judged({ confirmedAt: NOW + 2 * HOUR }, PERMANENT, NOW + 3 * HOUR)).toMatchObject({ do: "quarantine" });
  });

  it("does not count what was wrong with the mail", () => {
    for (const subtype of ["MessageTooLarge", "ContentRejected", "AttachmentRejected"]) {
      expect(judged({}, { kind: "transient bounce", subtype })).toEqual({ do: "nothing" });
    }
  });
});

describe("bounces that may pass", () => {
  /** What remains after bounces at these times. */
  function bouncedAt(times: readonly number[]): { verdicts: Verdict["do"][]; bounces: TransientBounces | undefined } {
    let bounces: TransientBounces | undefined;
    const verdicts = times.map((at) => {
      const verdict = judged({ transientBounces: bounces }, FULL, at);
      if (verdict.do === "count") bounces = verdict.bounces;
      return verdict.do;
    });
    return { verdicts, bounces };
  }

  it("count once a day, so that the burst of one incident is one", () => {
    const burst = [0, 1, 5, 23].map((hour) => NOW + DAY + hour * HOUR);
    expect(bouncedAt(burst)).toEqual({
      verdicts: ["count", "nothing", "nothing", "nothing"],
      bounces: { days: 1, since: NOW + DAY, lastAt: NOW + DAY },
    });
  });

  it("are looked into on the fifth day in a row", () => {
    const days = Array.from({ length: BOUNCED_DAYS }, (_, day) => NOW + HOUR + day * 3 * DAY);
    expect(bouncedAt(days).verdicts).toEqual(["count", "count", "count", "count", "look back"]);
    const last = judged({ transientBounces: bouncedAt(days).bounces }, FULL, days.at(-1));
    expect(last).toEqual({ do: "look back", since: days[0] });
  });

  it("are forgotten after a month without one", () => {
    const first = NOW + HOUR;
    const days = [first, first + DAY, first + 2 * DAY, first + 3 * DAY, first + 34 * DAY];
    expect(bouncedAt(days)).toEqual({
      verdicts: Array.from({ length: 5 }, () => "count"),
      bounces: { days: 1, since: days[4], lastAt: days[4] },
    });
  });

  it("change nothing when they are reported twice or late", () => {
    const bounces = { days: 2, since: NOW, lastAt: NOW + 4 * DAY };
    for (const at of [bounces.lastAt, bounces.lastAt - DAY, bounces.since]) {
      expect(judged({ transientBounces: bounces }, FULL, at)).toEqual({ do: "nothing" });
    }
  });
});
