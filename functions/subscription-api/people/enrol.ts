import { addressOf, type Subscriber, type SubscriberOn } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import { countAddress } from "../caps.ts";
import { holderOf } from "../holder-of.ts";
import type { Visit } from "../visit.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { signUpStep } from "./step.ts";

/** The letters to an address that somebody signs up. Each of them takes as much work as the others. */
export interface SignUpLetters<S extends Subscriber> {
  /** Asks for a confirmation. */
  invite(invited: S): Promise<void>;
  /** Shows somebody who is subscribed already how to change it. */
  sendLink(holder: S): Promise<void>;
  /** Reaches nobody. */
  sendDecoy(): Promise<void>;
}

/** Lost races: somebody else changed the subscriber between the look and the write. */
const TRIES = 4;

/** Does the same work, whatever is known of the address: the time shows nothing about its holder. */
export async function enrol<C extends "email" | "sms">(
  deps: PeopleDeps,
  visit: Visit,
  wanted: SubscriberOn<C>,
  letters: SignUpLetters<SubscriberOn<C>>,
): Promise<void> {
  const { pageId, channel } = wanted;
  const address = { pageId, channel, address: addressOf(wanted) };
  const isCapped = await countAddress(deps, visit, address, { what: "sign-up", by: "anybody" });
  const blocked = await blockOf(deps, visit.key, address);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const holder = await holderOf(deps, address, wanted.id);
    const step = signUpStep({ holder, blocked, isCapped });
    switch (step.do) {
      case "invite": {
        const invited = await invitedOf(deps, step.holder, wanted, visit.now);
        if (invited === null) break;
        return letters.invite(invited);
      }
      case "manage link":
        await writeNothing(deps, pageId, visit.now);
        return letters.sendLink(step.holder);
      case "nothing":
        await writeNothing(deps, pageId, visit.now);
        return letters.sendDecoy();
      default:
        return unreachable(step);
    }
  }
  throw new Error("a subscriber that signs up is changed again and again");
}

/** Takes the place of writing a subscriber: as many writes, no matter who it is. */
async function writeNothing({ access }: Pick<PeopleDeps, "access">, pageId: string, now: number): Promise<void> {
  await access.count(`${pageId}|nothing to write`, { most: Number.MAX_SAFE_INTEGER, windowMs: 60_000 }, now);
}

/**
 * The subscriber whom an invitation is for: the holder of the address, of whom nothing changes before they confirm, or
 * somebody new. Null: lost a race.
 */
async function invitedOf<S extends Subscriber>(
  deps: Pick<PeopleDeps, "subscribers" | "access">,
  holder: S | null,
  wanted: S,
  now: number,
): Promise<S | null> {
  if (holder === null) return (await deps.subscribers.create(wanted)).outcome === "created" ? wanted : null;
  await writeNothing(deps, wanted.pageId, now);
  return holder;
}
