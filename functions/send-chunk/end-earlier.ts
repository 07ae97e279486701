import { type Delivery, isOpen } from "../core/delivery.ts";
import { otherReason } from "../core/reason.ts";
import type { SendDeps } from "./channel-sender.ts";

/** How long to wait when somebody else is changing the earlier delivery right now. */
const RACE_WAIT_MS = 5_000;

/**
 * Makes sure that no earlier delivery of this subject to this subscriber is open before `delivery` starts: those due
 * for a retry become superseded. Returns null when the way is free. Otherwise one is being sent at this moment, and the
 * result is the instant until which to wait.
 */
export async function endEarlier(delivery: Delivery, deps: Pick<SendDeps, "ledger" | "clock">): Promise<number | null> {
  const { pageId, subscriberId, subject, seq, updateId } = delivery;
  const all = await deps.ledger.listSubscriberSubject(pageId, subscriberId, subject);
  let waitUntil: number | null = null;
  for (const earlier of all) {
    if (earlier.seq >= seq || !isOpen(earlier.state)) continue;
    // An operator's resend is outside the order: nothing waits for it and nothing ends it.
    if (earlier.resent !== undefined) continue;
    const now = deps.clock();
    if (earlier.state === "sending" && earlier.leaseUntil !== null && earlier.leaseUntil > now) {
      waitUntil = Math.max(waitUntil ?? 0, earlier.leaseUntil);
      continue;
    }
    const ended: Delivery = {
      ...earlier,
      updatedAt: now,
      nextAttemptAt: null,
      leaseUntil: null,
      ...ending(earlier, updateId),
    };
    const changed = await deps.ledger.changeDelivery(earlier, ended, null);
    if (changed.outcome === "lost") waitUntil = Math.max(waitUntil ?? 0, now + RACE_WAIT_MS);
  }
  return waitUntil;
}

/** An SMS whose attempt never reported back may have been sent: that is ambiguous, not superseded. */
function ending(earlier: Delivery, supersededBy: string): Pick<Delivery, "state" | "reason" | "unknownOutcomes"> {
  const interrupted = earlier.state === "sending";
  if (interrupted && earlier.channel === "sms") {
    return { state: "ambiguous", reason: "interrupted while sending", unknownOutcomes: earlier.unknownOutcomes + 1 };
  }
  return {
    state: "superseded",
    reason: otherReason(supersededBy),
    unknownOutcomes: earlier.unknownOutcomes + (interrupted ? 1 : 0),
  };
}
