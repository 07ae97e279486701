import type { AttemptOutcome } from "../core/attempt.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { SendDeps, UpdateSender } from "./channel-sender.ts";

/** How long everybody holds back after the provider throttled one of us. */
const THROTTLE_PAUSE_MS = 1_000;
/** SES counts its quota over a rolling day, so some of it comes back all the time. */
const QUOTA_PAUSE_MS = 15 * 60_000;

/**
 * One attempt at its slot. A throttle is no attempt: it is taken again with a new slot, while there is time and the
 * subscriber is as before; of whoever changed meanwhile the retry decides anew.
 */
export async function sendPaced(
  subscriber: Subscriber,
  slotAt: number,
  sender: UpdateSender,
  deadline: number,
  deps: Pick<SendDeps, "pace" | "clock" | "subscribers">,
): Promise<AttemptOutcome> {
  await deps.pace.waitUntil(slotAt);
  for (;;) {
    const outcome = await sender.send(subscriber);
    if (outcome.outcome === "quota exhausted") await deps.pace.pause(deps.clock() + QUOTA_PAUSE_MS);
    if (outcome.outcome !== "throttled") return outcome;
    await deps.pace.pause(deps.clock() + THROTTLE_PAUSE_MS);
    const slots = await deps.pace.reserve(1, deadline);
    if (slots.outcome === "later") return outcome;
    await deps.pace.waitUntil(slots.at(0));
    const present = await deps.subscribers.get(subscriber.pageId, subscriber.channel, subscriber.id);
    if (present?.updatedAt !== subscriber.updatedAt) return outcome;
  }
}
