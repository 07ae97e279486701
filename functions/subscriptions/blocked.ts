import { addressMac, type SigningKey } from "../core/signature.ts";
import { addressOf, type BlockReason, type Subscriber } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

/** Why nothing is to be sent to a subscriber's address, whoever asks; null: nothing stands against it. `key`: the page's. */
export function blockOf(
  deps: { subscribers: Pick<SubscriberStore, "blockOf"> },
  key: SigningKey,
  subscriber: Subscriber,
): Promise<BlockReason | null> {
  const { pageId, channel } = subscriber;
  return deps.subscribers.blockOf(pageId, channel, addressMac(key, channel, addressOf(subscriber)));
}

export function block(
  deps: { subscribers: Pick<SubscriberStore, "block"> },
  key: SigningKey,
  subscriber: Subscriber,
  reason: BlockReason,
  now: number,
): Promise<void> {
  const { pageId, channel } = subscriber;
  return deps.subscribers.block(pageId, channel, addressMac(key, channel, addressOf(subscriber)), reason, now);
}
