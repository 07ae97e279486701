import { addressMac, type SigningKey } from "../core/signature.ts";
import { addressOf, type BlockReason, type Subscriber } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

interface BlockDeps {
  subscribers: Pick<SubscriberStore, "block" | "blockOf">;
}

/** Why nothing is to be sent to a subscriber's address, whoever asks; null: nothing stands against it. `key`: the page's. */
export function blockOf(deps: BlockDeps, key: SigningKey, subscriber: Subscriber): Promise<BlockReason | null> {
  const { pageId, channel } = subscriber;
  return deps.subscribers.blockOf(pageId, channel, addressMac(key, channel, addressOf(subscriber)));
}

/** What must be remembered of an address when its subscriber is removed: that it bounced, or that its holder complained. */
export function lastingReason({ state, quarantineReason }: Subscriber): BlockReason | null {
  if (state !== "quarantined") return null;
  return quarantineReason === "bounce" || quarantineReason === "complaint" ? quarantineReason : null;
}

export function block(
  deps: BlockDeps,
  key: SigningKey,
  subscriber: Subscriber,
  reason: BlockReason,
  now: number,
): Promise<void> {
  const { pageId, channel } = subscriber;
  return deps.subscribers.block(pageId, channel, addressMac(key, channel, addressOf(subscriber)), reason, now);
}
