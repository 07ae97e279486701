import { type BlockReason, lastingReason, type Subscriber, type SubscriberState } from "../core/subscriber.ts";
import type { IsCapped } from "./caps.ts";

/** What an address is sent when somebody signs it up, or asks for a link to manage it. */
export type Step = "invite" | "manage link" | "nothing";

interface Known {
  /** Who has the address, if anybody. */
  holder: Subscriber | null;
  blocked: BlockReason | null;
  /** Of which letters it has had enough. */
  isCapped: IsCapped;
}

/** Whoever complained, also if they left as well, or did not ask for this, is never written to again; what bounced may be confirmed anew. */
function isClosed({ holder, blocked }: Known): boolean {
  if (blocked === "complaint" || blocked === "not asked for") return true;
  return holder !== null && lastingReason(holder) === "complaint";
}

/** A sign-up: somebody who is subscribed already is shown the way to change it, everybody else has to confirm. */
export function signUpStep(known: Known): Step {
  if (isClosed(known)) return "nothing";
  if (known.holder?.state === "active") return known.isCapped("manage link") ? "nothing" : "manage link";
  return known.isCapped("confirmation") ? "nothing" : "invite";
}

/** Whoever has not confirmed is nobody yet: their way in is the confirmation. */
const KNOWN_STATES: readonly SubscriberState[] = ["active", "unsubscribed"];

/** A link is sent to subscribers, also to those who have left: they may come back, or have their data erased. Not to what bounced. */
export function manageStep(known: Known): Step {
  const { holder } = known;
  if (isClosed(known) || holder === null || !KNOWN_STATES.includes(holder.state)) return "nothing";
  if (known.isCapped("manage link")) return "nothing";
  return lastingReason(holder) === null ? "manage link" : "nothing";
}
