import { type BlockReason, lastingReason, type Subscriber, type SubscriberState } from "../../core/subscriber.ts";
import type { IsCapped } from "../caps.ts";

/** What goes to an address when somebody signs it up, or asks for a link to manage it. */
export type SignUpStep<S> = { do: "invite"; holder: S | null } | ManageStep<S>;
/** A link is for somebody, who comes with it. */
export type ManageStep<S> = { do: "manage link"; holder: S } | { do: "nothing" };

interface Known<S extends Subscriber> {
  /** Who has the address, if anybody. */
  holder: S | null;
  blocked: BlockReason | null;
  /** The letters of which it has had enough. */
  isCapped: IsCapped;
}

/**
 * Somebody who complained, also if they left as well, or who did not ask for this, never gets a letter again. A bounced
 * address may be confirmed again.
 */
function isClosed({ holder, blocked }: Known<Subscriber>): boolean {
  if (blocked === "complaint" || blocked === "not asked for") return true;
  return holder !== null && lastingReason(holder) === "complaint";
}

/** A sign-up: somebody who is subscribed already gets the way to change it; everybody else has to confirm. */
export function signUpStep<S extends Subscriber>(known: Known<S>): SignUpStep<S> {
  const { holder, isCapped } = known;
  if (isClosed(known)) return { do: "nothing" };
  if (holder?.state === "active") return isCapped("manage link") ? { do: "nothing" } : { do: "manage link", holder };
  return isCapped("confirmation") ? { do: "nothing" } : { do: "invite", holder };
}

/** A subscriber who has not confirmed is nobody yet: their way in is the confirmation. */
const KNOWN_STATES: readonly SubscriberState[] = ["active", "unsubscribed"];

/**
 * A link goes to subscribers, also to those who have left: they may come back, or have their data erased. It does not
 * go to a bounced address.
 */
export function manageStep<S extends Subscriber>(known: Known<S>): ManageStep<S> {
  const { holder } = known;
  if (isClosed(known) || holder === null || !KNOWN_STATES.includes(holder.state)) return { do: "nothing" };
  if (known.isCapped("manage link")) return { do: "nothing" };
  return lastingReason(holder) === null ? { do: "manage link", holder } : { do: "nothing" };
}
