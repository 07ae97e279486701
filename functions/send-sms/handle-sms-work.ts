import { addressMac } from "../core/address-mac.ts";
import type { Clock } from "../core/clock.ts";
import { isInvitable } from "../core/invitation.ts";
import { SMS_RULES } from "../core/permit.ts";
import type { SmsLetterWork, SmsWork } from "../core/queued-work.ts";
import type { SmsSubscriber, Subscriber } from "../core/subscriber.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import { type PermitDeps, permitLetter } from "../permits/permit-letter.ts";
import type { SmsLetterQueue } from "../providers/queues.ts";
import type { Sms } from "../providers/sms.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import type { Pace } from "../send-chunk/pace.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface SmsLetterDeps {
  subscribers: Pick<SubscriberStore, "get" | "invite">;
  access: PermitDeps["access"] & Pick<AccessStore, "currentSigningKey">;
  bounded: PermitDeps["bounded"];
  sms: Sms;
  /** SMS wait there that we cannot send because of a problem or limit of ours. */
  smsLetters: SmsLetterQueue;
  clock: Clock;
  /** Goes by the same schedule as updates. */
  pace: Pace;
}

/** Chunks and retries like any sender, and SMS that belong to no update. */
export async function handleSmsWork(work: SmsWork, deps: SendDeps, letters: SmsLetterDeps, log: Logger): Promise<void> {
  switch (work.kind) {
    case "chunk":
    case "retry":
      return handleWork(work, deps, log);
    case "sms letter":
      return sendSmsLetter(work, letters, log);
    default:
      return unreachable(work);
  }
}

/** How long it may wait for its slot of the send rate. */
const SLOT_WAIT_MS = 30_000;

/** Somebody is looking at their phone, so this comes back much sooner than a letter. */
const HELD_MS = 30_000;

/**
 * As with letters, it throws for an SMS that surely was not sent, so that the queue brings it again. It does not for
 * one that may have been sent. An SMS that waits for us is queued anew, for as long as it is of use.
 */
async function sendSmsLetter(work: SmsLetterWork, deps: SmsLetterDeps, log: Logger): Promise<void> {
  const { subscribers, access, bounded, sms, clock, pace } = deps;
  const { about, pageId, subscriberId, letterId, cause } = work;
  if (about === "nothing") return;
  if (clock() >= work.endsAt) {
    log.warn(`SMS not sent: ${about}`, { subscriberId, reason: "too late to be of use" });
    return;
  }
  const recipient = async () => recipientOf(about, await subscribers.get(pageId, "sms", subscriberId));
  const permitted = await recipient();
  if (permitted === null) return;
  // Before the slot, as with mails.
  const mac = addressMac(await access.currentSigningKey(pageId), "sms", permitted.phone);
  const kind = about === "code" ? "confirmation" : "manage link";
  const request = { letterId, kind, cause, isProven: true } as const;
  if (!(await permitLetter({ access, clock, log, bounded }, request, { mac, rules: SMS_RULES, share: "none" }))) return;
  if (work.invitation !== undefined) {
    await subscribers.invite(pageId, "sms", subscriberId, work.invitation, clock());
  }
  const slots = await pace.reserve(1, clock() + SLOT_WAIT_MS);
  if (slots.outcome === "later") return deps.smsLetters.sendSmsLetter(work, HELD_MS);
  await pace.waitUntil(slots.at(0));
  const subscriber = await recipient();
  if (subscriber === null) return;
  const outcome = await sms.send(subscriber, work.text);
  await pace.learn(outcome, slots.probe);
  switch (outcome.outcome) {
    case "accepted":
      return;
    case "rejected":
    case "gone":
    case "unknown":
      log.warn(`SMS not sent: ${about}`, { subscriberId, reason: outcome.reason });
      return;
    case "unavailable":
    case "refused":
      throw new Error(`SMS not sent yet (${about}): ${outcome.reason}`);
    case "sender problem":
    case "throttled":
    case "quota exhausted":
      return deps.smsLetters.sendSmsLetter(work, HELD_MS);
    default:
      return unreachable(outcome);
  }
}

/** The subscriber that it concerns now. */
function recipientOf(about: "code" | "manage link", subscriber: Subscriber | null): SmsSubscriber | null {
  if (subscriber?.channel !== "sms") return null;
  return about === "code" && !isInvitable(subscriber) ? null : subscriber;
}
