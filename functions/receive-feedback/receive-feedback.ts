import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import { ARRIVED_AFTER_MS, type Feedback, firstDay, judge, quarantined, type Report } from "../core/feedback.ts";
import type { EmailSubscriber } from "../core/subscriber.ts";
import type { Logger } from "../lambda/logger.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { changeSubscriber } from "../subscriptions/change-subscriber.ts";
import { readReport } from "./ses-report.ts";

export interface FeedbackDeps {
  subscribers: Pick<SubscriberStore, "get" | "replace">;
  ledger: Pick<Ledger, "getDeliveries" | "changeDelivery" | "listSubscriberDeliveries">;
  clock: Clock;
  log: Logger;
}

/**
 * Takes one body of the feedback queue. Throws when the sender has yet to record the mail: the queue brings it again.
 */
export async function receiveFeedback(body: string, deps: FeedbackDeps): Promise<void> {
  const read = readReport(body);
  if (read.outcome === "nothing") return;
  // The subscriber first: whatever becomes of the record, nothing more may go to a dead address.
  await followInSubscriber(read.feedback, deps);
  await followInLedger(read.feedback, deps);
}

async function followInSubscriber(feedback: Feedback, deps: FeedbackDeps): Promise<void> {
  const { pageId, subscriberId } = feedback;
  const read = await deps.subscribers.get(pageId, "email", subscriberId);
  if (read?.channel !== "email") return;
  const changed = await changeSubscriber(deps, read, (present) => afterFeedback(present, feedback, deps));
  if (changed.outcome === "contended") throw new Error(`subscriber ${subscriberId} kept changing`);
  if (changed.outcome !== "changed") return;
  const { state, quarantineReason: reason = "" } = changed.subscriber;
  if (state === "quarantined" && changed.before.state !== "quarantined") {
    deps.log.info("quarantined", { pageId, subscriberId, reason });
  }
}

/** The subscriber after the feedback; null when nothing changes. */
async function afterFeedback(
  subscriber: EmailSubscriber,
  feedback: Feedback,
  deps: FeedbackDeps,
): Promise<EmailSubscriber | null> {
  const verdict = judge(subscriber, feedback);
  const now = deps.clock();
  switch (verdict.do) {
    case "nothing":
      return null;
    case "quarantine":
      return quarantined(subscriber, verdict.reason, now);
    case "remember":
      return { ...subscriber, quarantineReason: verdict.reason, updatedAt: now };
    case "count":
      return { ...subscriber, transientBounces: verdict.bounces, updatedAt: now };
    case "look back":
      return (await hasArrived(subscriber, verdict.since, now, deps))
        ? { ...subscriber, transientBounces: firstDay(feedback.at), updatedAt: now }
        : quarantined(subscriber, "bounce", now);
  }
}

/** All of them. The list is read whole for any number, and only when an address has bounced for days. */
const ALL_DELIVERIES = 100_000;

/** Whether a mail to them has arrived since `since`: it was accepted, and never came back. */
async function hasArrived(
  { pageId, id }: EmailSubscriber,
  since: number,
  now: number,
  { ledger }: FeedbackDeps,
): Promise<boolean> {
  const { items } = await ledger.listSubscriberDeliveries(pageId, id, ALL_DELIVERIES, null);
  return items.some(
    ({ state, updatedAt }) => state === "accepted" && updatedAt > since && updatedAt < now - ARRIVED_AFTER_MS,
  );
}

/**
 * A sender records what it sent within its minute. If it died before that, the mail is sent again and the record is of
 * the second mail. So after this there is nothing left to wait for.
 */
const RECORDED_WITHIN_MS = 15 * 60_000;

async function followInLedger(feedback: Feedback, { ledger, clock }: FeedbackDeps): Promise<void> {
  const { pageId, subscriberId, update, mailId } = feedback;
  if (update === null) return;
  const { incidentId: id, seq } = update;
  const [delivery] = await ledger.getDeliveries(pageId, { kind: "incident", id }, seq, [subscriberId]);
  const now = clock();
  if (delivery === undefined || delivery.state === "sending") {
    if (now > feedback.sentAt + RECORDED_WITHIN_MS) return;
    throw new Error(`mail ${mailId} to ${subscriberId} is not in the ledger yet`);
  }
  // It was sent again since, by an operator or because its outcome was unknown: the record is about another mail.
  if (delivery.state !== "accepted" || delivery.providerId !== mailId) return;
  const next = afterReport(delivery, feedback.report, now);
  if (next.state === delivery.state && next.reason === delivery.reason) return;
  const saved = await ledger.changeDelivery(delivery, next, null);
  if (saved.outcome === "lost") throw new Error(`the delivery of mail ${mailId} is not counted yet, or has changed`);
}

/** A complaint is about a mail that arrived; a bounced one did not. Accepted ones keep the time of their acceptance. */
function afterReport(delivery: Delivery, report: Report, now: number): Delivery {
  switch (report.kind) {
    case "permanent bounce":
    case "transient bounce":
      return { ...delivery, state: "failed", reason: `bounced: ${report.subtype}`, updatedAt: now };
    case "complaint":
      return report.unsent
        ? { ...delivery, state: "failed", reason: "complained before", updatedAt: now }
        : { ...delivery, reason: "complaint" };
  }
}
