import type { Clock } from "../core/clock.ts";
import { type ConfirmationWork, sendWorkSchema } from "../core/queued-work.ts";
import type { Logger } from "../lambda/logger.ts";
import type { Mail } from "../providers/mail.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

export interface ConfirmationDeps {
  subscribers: Pick<SubscriberStore, "get">;
  mail: Mail;
  clock: Clock;
}

/** One body of send-email's queues: chunks and retries like any sender, and confirmations. */
export async function handleEmailWork(
  body: string,
  deps: SendDeps,
  confirmations: ConfirmationDeps,
  log: Logger,
): Promise<void> {
  const work = sendWorkSchema.parse(JSON.parse(body));
  if (work.kind !== "confirmation") return handleWork(body, deps, log);
  await sendConfirmation(work, deps, confirmations, log);
}

/** How long a confirmation may wait for its slot of the send rate. */
const SLOT_WAIT_MS = 30_000;

/**
 * Sends a confirmation to whoever still waits for one. What was surely not sent throws, so that the queue brings it
 * again; what may have been sent does not: a second confirmation is worse than asking for one again.
 */
async function sendConfirmation(
  work: ConfirmationWork,
  { pace, clock }: Pick<SendDeps, "pace" | "clock">,
  { subscribers, mail }: ConfirmationDeps,
  log: Logger,
): Promise<void> {
  const slots = await pace.reserve(1, clock() + SLOT_WAIT_MS);
  if (slots.outcome === "later") throw new Error("no slot of the send rate for a confirmation");
  await pace.waitUntil(slots.at(0));
  const subscriber = await subscribers.get(work.pageId, work.channel, work.subscriberId);
  if (subscriber === null || subscriber.channel !== "email" || subscriber.state !== "unconfirmed") return;
  const tags = { page: work.pageId, subscriber: work.subscriberId };
  const outcome = await mail.send({ to: subscriber.email, raw: work.raw, tags });
  switch (outcome.outcome) {
    case "accepted":
      return;
    case "rejected":
    case "gone":
    case "unknown":
      log.warn("confirmation not sent", { subscriberId: work.subscriberId, reason: outcome.reason });
      return;
    case "unavailable":
    case "throttled":
    case "quota exhausted":
      throw new Error(`confirmation not sent yet: ${outcome.outcome}`);
  }
}
