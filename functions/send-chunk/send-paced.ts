import type { AttemptOutcome } from "../core/attempt.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { SendProblem } from "../store/access/access-store.ts";
import type { SendDeps, UpdateSender } from "./channel-sender.ts";
import { isEverybodys, isTaken } from "./pace.ts";

/** Sends made side by side, and what they know about each other. */
export interface Flight {
  sender: UpdateSender;
  /** No send waits for a slot beyond this. */
  deadline: number;
  /** The problem that the first of them finds out about. */
  probe: SendProblem | null;
  /** Set once nobody else is to be sent anything, because this outcome would come back. */
  stopped: AttemptOutcome | null;
}

/**
 * One attempt at its slot. A throttle is no attempt: the send is made again at a new slot, while there is time and the
 * subscriber is as before. If the subscriber changed meanwhile, the retry decides anew.
 */
export async function sendPaced(
  subscriber: Subscriber,
  slotAt: number,
  flight: Flight,
  deps: Pick<SendDeps, "pace" | "clock" | "subscribers">,
): Promise<AttemptOutcome> {
  await deps.pace.waitUntil(slotAt);
  for (;;) {
    if (flight.stopped !== null) return flight.stopped;
    const outcome = await flight.sender.send(subscriber);
    if (isEverybodys(outcome)) flight.stopped = outcome;
    else if (flight.probe !== null && !isTaken(outcome)) flight.stopped = stillThere(flight.probe);
    await deps.pace.learn(outcome, flight.probe);
    if (outcome.outcome !== "throttled") return outcome;
    if (!(await mayGoOn(subscriber, flight.deadline, deps))) return outcome;
  }
}

/** Waits for another slot. Surely nothing was sent, so a table that cannot be read leaves nobody in doubt. */
async function mayGoOn(
  { pageId, channel, id, updatedAt }: Subscriber,
  deadline: number,
  { pace, subscribers }: Pick<SendDeps, "pace" | "subscribers">,
): Promise<boolean> {
  try {
    const slots = await pace.reserve(1, deadline);
    if (slots.outcome === "later") return false;
    await pace.waitUntil(slots.at(0));
    const present = await subscribers.get(pageId, channel, id);
    return present?.updatedAt === updatedAt;
  } catch {
    return false;
  }
}

function stillThere({ reason }: SendProblem): AttemptOutcome {
  return { outcome: "sender problem", reason, reach: "everybody" };
}
