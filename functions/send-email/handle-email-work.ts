import type { Clock } from "../core/clock.ts";
import { recipientOf } from "../core/letter.ts";
import { type LetterWork, sendWorkSchema } from "../core/queued-work.ts";
import type { Logger } from "../lambda/logger.ts";
import type { Mail } from "../providers/mail.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import type { Pace } from "../send-chunk/pace.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

export interface LetterDeps {
  subscribers: Pick<SubscriberStore, "get">;
  mail: Mail;
  clock: Clock;
  /** Of the schedule that updates are paced by too, with the part of the daily quota that these leave alone. */
  pace: Pace;
}

/** One body of send-email's queues: chunks and retries like any sender, and letters. */
export async function handleEmailWork(body: string, deps: SendDeps, letters: LetterDeps, log: Logger): Promise<void> {
  const work = sendWorkSchema.parse(JSON.parse(body));
  switch (work.kind) {
    case "chunk":
    case "retry":
      return handleWork(body, deps, log);
    case "letter":
      return sendLetter(work, letters, log);
    case "probe":
      throw new Error("a probe came over a queue of mails");
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
  { subscribers, mail, clock, pace }: LetterDeps,
  log: Logger,
): Promise<void> {
  const { about } = work.letter;
  if (about === "nothing") return;
  const slots = await pace.reserve(1, clock() + SLOT_WAIT_MS);
  if (slots.outcome === "later") throw new Error(`no slot of the send rate for a letter: ${about}`);
  await pace.waitUntil(slots.at(0));
  const to = recipientOf(work.letter, await subscribers.get(work.pageId, work.channel, work.subscriberId));
  if (to === null) return;
  const tags = { page: work.pageId, subscriber: work.subscriberId };
  const outcome = await mail.send({ to, raw: work.raw, tags });
  switch (outcome.outcome) {
    case "accepted":
      return;
    case "rejected":
    case "gone":
    case "unknown":
      log.warn(`letter not sent: ${about}`, { subscriberId: work.subscriberId, reason: outcome.reason });
      return;
    case "unavailable":
    case "refused":
    case "sender problem":
    case "throttled":
    case "quota exhausted":
      throw new Error(`letter not sent yet (${about}): ${outcome.outcome}`);
  }
}
