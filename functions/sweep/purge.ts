import type { Clock } from "../core/clock.ts";
import { addressOf, type BlockReason, lastingReason, type Subscriber } from "../core/subscriber.ts";
import { inParallel } from "../lambda/in-parallel.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { block, type NewBlock, takeBack } from "../subscriptions/blocks.ts";

export interface PurgeDeps {
  subscribers: Pick<SubscriberStore, "listPurgeable" | "removeUnchanged" | "block" | "unblock">;
  access: Pick<AccessStore, "currentSigningKey">;
  clock: Clock;
}

const MINUTE_MS = 60_000;
/** The minute of an hour: not the first, when everything else in the world begins. */
const MINUTE_OF_HOUR = 17;
/** How many are read at once. */
const PER_LIST = 2_000;
const AT_ONCE = 25;

/** Nobody waits for it, so once an hour is enough; the next hour makes up for a missed one. */
export function isPurgeTime(now: number): boolean {
  return Math.floor(now / MINUTE_MS) % 60 === MINUTE_OF_HOUR;
}

/**
 * Removes subscribers who have not confirmed, or were in quarantine, for 90 days. It removes all there are: anybody can
 * register endpoints and sign up addresses, faster than one list an hour would remove them. Begins nothing after the
 * deadline. Returns how many it removed.
 */
export async function purge(deps: PurgeDeps, deadline: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const due = await deps.subscribers.listPurgeable(deps.clock(), PER_LIST);
    const each = await inParallel(due, AT_ONCE, (subscriber) => purgeOne(subscriber, deps, deadline));
    const now = each.filter((isRemoved) => isRemoved).length;
    removed += now;
    // Those left were changed meanwhile, or wait for the next hour.
    if (due.length < PER_LIST || now === 0 || deps.clock() > deadline) return removed;
  }
}

async function purgeOne(subscriber: Subscriber, deps: PurgeDeps, deadline: number): Promise<boolean> {
  if (deps.clock() > deadline) return false;
  const reason = lastingReason(subscriber);
  // The block first: an address that is free again and not blocked would get mail.
  const blocked = reason === null ? null : await blockAddress(subscriber, reason, deps);
  const { outcome } = await deps.subscribers.removeUnchanged(subscriber);
  // They were reactivated at that moment: the reason no longer holds.
  if (outcome === "unchanged" && blocked !== null) await takeBack(deps, blocked);
  return outcome === "removed";
}

async function blockAddress(subscriber: Subscriber, reason: BlockReason, deps: PurgeDeps): Promise<NewBlock> {
  const { pageId, channel } = subscriber;
  const key = await deps.access.currentSigningKey(pageId);
  return block(deps, key, { pageId, channel, address: addressOf(subscriber) }, reason, deps.clock());
}
