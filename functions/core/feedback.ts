import {
  addressOf,
  type EmailSubscriber,
  type QuarantineReason,
  type Subscriber,
  type TransientBounces,
} from "./subscriber.ts";

/** What came back of one mail after SES had accepted it. */
export interface Feedback {
  pageId: string;
  subscriberId: string;
  /** The update that was in it; null for a letter. */
  update: { incidentId: string; seq: number } | null;
  /** Whom it was sent to, normalized. */
  address: string;
  /** What SES calls the mail. */
  mailId: string;
  sentAt: number;
  /** When SES learned of it. */
  at: number;
  report: Report;
}

export type Report =
  /** No mail will ever arrive there, or SES's suppression lists say that none will. */
  | { kind: "permanent bounce"; subtype: string }
  /** This mail did not arrive; the next one may. */
  | { kind: "transient bounce"; subtype: string }
  /** The reader took it for spam. `unsent`: they did so with an earlier one, and SES did not send this one. */
  | { kind: "complaint"; unsent: boolean };

/** What is to become of the subscriber. */
export type Verdict =
  | { do: "nothing" }
  | { do: "quarantine"; reason: QuarantineReason }
  /** They have left, or are in quarantine for less. They stay so, and the reason is remembered. */
  | { do: "remember"; reason: QuarantineReason }
  | { do: "count"; bounces: TransientBounces }
  /** Mail bounced day after day since then. They go into quarantine, unless a mail in between arrived. */
  | { do: "look back"; since: number };

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * An incident's updates all bounce while a mailbox is full or a server is down, so we count days and not mails. Five of
 * them are no passing fault. SES's reputation figures count permanent bounces only, so patience costs nothing.
 */
export const BOUNCED_DAYS = 5;
/** After a month without a bounce, earlier ones no longer count. */
const ROW_ENDS_AFTER_MS = 30 * DAY_MS;
/** SES tries for up to 14 hours before it reports a bounce. What has been accepted for longer has arrived. */
export const ARRIVED_AFTER_MS = DAY_MS;

/** Bounces that the text or size of the mail itself caused. */
const ABOUT_THE_MAIL = new Set(["MessageTooLarge", "ContentRejected", "AttachmentRejected"]);

/** Feedback that is reported twice, or late, changes nothing twice: neither a count nor what an operator did since. */
export function judge(subscriber: Subscriber | null, { address, at, report }: Feedback): Verdict {
  if (subscriber?.channel !== "email" || addressOf(subscriber) !== address) return { do: "nothing" };
  // Confirmed or reactivated since.
  if ((subscriber.confirmedAt ?? 0) > at) return { do: "nothing" };
  switch (subscriber.state) {
    case "quarantined":
    case "unsubscribed":
      // "Spam and unsubscribe" does both, in either order.
      return report.kind === "complaint" && subscriber.quarantineReason !== "complaint"
        ? { do: "remember", reason: "complaint" }
        : { do: "nothing" };
    case "unconfirmed":
      // It bounced before they signed up anew. A complaint counts, however late it comes.
      if (report.kind !== "complaint" && subscriber.updatedAt > at) return { do: "nothing" };
      return judgeReport(subscriber, report, at);
    case "active":
      return judgeReport(subscriber, report, at);
  }
}

function judgeReport({ transientBounces }: EmailSubscriber, report: Report, at: number): Verdict {
  switch (report.kind) {
    case "permanent bounce":
      return { do: "quarantine", reason: "bounce" };
    case "complaint":
      return { do: "quarantine", reason: "complaint" };
    case "transient bounce":
      return ABOUT_THE_MAIL.has(report.subtype) ? { do: "nothing" } : judgeTransient(transientBounces, at);
  }
}

function judgeTransient(before: TransientBounces | undefined, at: number): Verdict {
  if (before === undefined || at > before.lastAt + ROW_ENDS_AFTER_MS) return { do: "count", bounces: firstDay(at) };
  if (at < before.lastAt + DAY_MS) return { do: "nothing" };
  if (before.days + 1 >= BOUNCED_DAYS) return { do: "look back", since: before.since };
  return { do: "count", bounces: { days: before.days + 1, since: before.since, lastAt: at } };
}

/** The first day of a new row. */
export function firstDay(at: number): TransientBounces {
  return { days: 1, since: at, lastAt: at };
}

/** The subscriber as the verdict leaves it. */
export function quarantined<T extends Subscriber>(subscriber: T, reason: QuarantineReason, now: number): T {
  return { ...subscriber, state: "quarantined", quarantinedAt: now, quarantineReason: reason, updatedAt: now };
}
