import type { Clock } from "../core/clock.ts";
import { type ConfirmationWork, type QuarantineMailWork, sendWorkSchema } from "../core/queued-work.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { Logger } from "../lambda/logger.ts";
import type { Mail } from "../providers/mail.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import type { Pace } from "../send-chunk/pace.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

export interface ConfirmationDeps {
  subscribers: Pick<SubscriberStore, "get">;
  mail: Mail;
  clock: Clock;
  /** Of the schedule that updates are paced by too, with the part of the daily quota that these leave alone. */
  pace: Pace;
}

/** Mail that belongs to no update. */
type LetterWork = ConfirmationWork | QuarantineMailWork;

/** One body of send-email's queues: chunks and retries like any sender, and confirmations and the like. */
export async function handleEmailWork(
  body: string,
  deps: SendDeps,
  confirmations: ConfirmationDeps,
  log: Logger,
): Promise<void> {
  const work = sendWorkSchema.parse(JSON.parse(body));
  switch (work.kind) {
    case "chunk":
    case "retry":
      return handleWork(body, deps, log);
    case "confirmation":
    case "quarantine mail":
      return sendLetter(work, confirmations, log);
  }
}

/** How long a letter may wait for its slot of the send rate. */
const SLOT_WAIT_MS = 30_000;

/**
 * Sends a letter to whom it still concerns. What was surely not sent throws, so that the queue brings it again; what may
 * have been sent does not: a second confirmation is worse than asking for one again.
 */
async function sendLetter(
  work: LetterWork,
  { subscribers, mail, clock, pace }: ConfirmationDeps,
  log: Logger,
): Promise<void> {
  const slots = await pace.reserve(1, clock() + SLOT_WAIT_MS);
  if (slots.outcome === "later") throw new Error(`no slot of the send rate for a ${work.kind}`);
  await pace.waitUntil(slots.at(0));
  const to = recipientOf(work, await subscribers.get(work.pageId, work.channel, work.subscriberId));
  if (to === null) return;
  const tags = { page: work.pageId, subscriber: work.subscriberId };
  const outcome = await mail.send({ to, raw: work.raw, tags });
  switch (outcome.outcome) {
    case "accepted":
      return;
    case "rejected":
    case "gone":
    case "unknown":
      log.warn(`${work.kind} not sent`, { subscriberId: work.subscriberId, reason: outcome.reason });
      return;
    case "unavailable":
    case "throttled":
    case "quota exhausted":
      throw new Error(`${work.kind} not sent yet: ${outcome.outcome}`);
  }
}

/** The address as it is now; null when the letter no longer concerns anybody. */
function recipientOf(work: LetterWork, subscriber: Subscriber | null): string | null {
  switch (work.kind) {
    case "confirmation":
      return subscriber?.channel === "email" && subscriber.state === "unconfirmed" ? subscriber.email : null;
    case "quarantine mail":
      return subscriber?.channel === "webhook" &&
        subscriber.state === "quarantined" &&
        subscriber.quarantinedAt === work.quarantinedAt
        ? subscriber.contactEmail
        : null;
  }
}
