import { addressMac } from "../core/address-mac.ts";
import type { Clock } from "../core/clock.ts";
import { kindOf, recipientOf } from "../core/letter.ts";
import { mailboxOf } from "../core/mailbox.ts";
import { MAIL_RULES } from "../core/permit.ts";
import type { EmailWork, LetterWork } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import { type PermitDeps, permitLetter } from "../permits/permit-letter.ts";
import type { Mail } from "../providers/mail.ts";
import type { LetterQueue } from "../providers/queues.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import type { Pace } from "../send-chunk/pace.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface LetterDeps {
  subscribers: Pick<SubscriberStore, "get" | "invite">;
  access: PermitDeps["access"] & Pick<AccessStore, "currentSigningKey">;
  bounded: PermitDeps["bounded"];
  mail: Mail;
  /** Letters wait there that we cannot send because of a problem or limit of ours. */
  letters: LetterQueue;
  clock: Clock;
  /** Goes by the same schedule as updates, with the part of the daily quota that updates leave alone. */
  pace: Pace;
}

/** Chunks and retries like any sender, and letters. */
export async function handleEmailWork(
  work: EmailWork,
  deps: SendDeps,
  letters: LetterDeps,
  log: Logger,
): Promise<void> {
  switch (work.kind) {
    case "chunk":
    case "retry":
      return handleWork(work, deps, log);
    case "letter":
      return sendLetter(work, letters, log);
    default:
      return unreachable(work);
  }
}

/** How long a letter may wait for its slot of the send rate. */
const SLOT_WAIT_MS = 30_000;

/** How soon a letter comes back to the queue that waits for us: a link in it is good for days. */
const HELD_MS = { shortest: 60_000, longest: 5 * 60_000 };
/**
 * After that it goes into the dead-letter queue, like everything that fails: three days of a weekend, and then as long
 * as SQS keeps it.
 */
const LONGEST_HELD_MS = 3 * 24 * 60 * 60_000;

/**
 * Sends a letter to the person it still concerns. It throws for a letter that surely was not sent, so that the queue
 * brings it again. It does not for one that may have been sent: a second confirmation is worse than asking for one
 * again. A letter that waits for us is queued anew.
 */
async function sendLetter(work: LetterWork, deps: LetterDeps, log: Logger): Promise<void> {
  const { mail, clock, pace } = deps;
  const { about } = work.letter;
  // Before the slot: a letter that is not permitted must not use up the rate that updates are sent at.
  const permitted = await recipient(work, deps);
  if (permitted === null || !(await mayBeSent(work, permitted, deps, log))) return;
  await keepInvitation(work, deps);
  const slots = await pace.reserve(1, clock() + SLOT_WAIT_MS);
  if (slots.outcome === "later") return hold(work, slots.until, deps);
  await pace.waitUntil(slots.at(0));
  const to = await recipient(work, deps);
  if (to !== permitted) return;
  const tags = { page: work.pageId, subscriber: work.subscriberId };
  const outcome = await mail.send({ to, raw: work.raw, tags });
  await pace.learn(outcome, slots.probe);
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
      throw new Error(`letter not sent yet (${about}): ${outcome.reason}`);
    case "throttled":
      return hold(work, clock(), deps);
    case "sender problem":
    case "quota exhausted":
      return hold(work, clock() + HELD_MS.longest, deps);
    default:
      return unreachable(outcome);
  }
}

/** The address that the letter concerns now. */
async function recipient(
  { letter, pageId, channel, subscriberId }: LetterWork,
  { subscribers }: LetterDeps,
): Promise<string | null> {
  if (letter.about === "nothing") return null;
  return recipientOf(letter, await subscribers.get(pageId, channel, subscriberId));
}

/**
 * Comes before the letter is sent: a reader who opens its link at once must find the invitation. Nothing is kept for a
 * letter that is not permitted.
 */
async function keepInvitation(
  { letter, pageId, channel, subscriberId }: LetterWork,
  { subscribers, clock }: LetterDeps,
): Promise<void> {
  if (letter.about !== "confirmation" || letter.invitation === undefined) return;
  await subscribers.invite(pageId, channel, subscriberId, letter.invitation, clock());
}

async function mayBeSent(
  { letter, letterId, cause, pageId }: LetterWork,
  to: string,
  { access, clock, bounded }: LetterDeps,
  log: Logger,
): Promise<boolean> {
  const kind = kindOf(letter);
  if (kind === null) return false;
  const mac = addressMac(await access.currentSigningKey(pageId), "email", mailboxOf(to));
  const request = { letterId, kind, cause, isProven: letter.about !== "contact" || letter.isProven };
  return permitLetter({ access, clock, log, bounded }, request, { mac, rules: MAIL_RULES, share: "mail" });
}

/**
 * Queues the letter anew, which takes none of the queue's tries. Throws when it was held for too long. A run that dies
 * in between leaves two of it, as a standard queue may at any time.
 */
async function hold(work: LetterWork, until: number, { letters, clock }: LetterDeps): Promise<void> {
  const now = clock();
  const heldSince = work.heldSince ?? now;
  if (now - heldSince > LONGEST_HELD_MS) throw new Error(`letter held for too long: ${work.letter.about}`);
  const delay = Math.min(Math.max(until - now, HELD_MS.shortest), HELD_MS.longest);
  await letters.sendLetter({ ...work, heldSince }, delay);
}
