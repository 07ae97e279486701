import { type Address, type Channel, isOn, type SubscriberOn } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

/**
 * The subscriber who has the address. If nobody has it, this looks for somebody all the same, so that it takes as long.
 */
export async function holderOf<C extends Channel>(
  { subscribers }: { subscribers: Pick<SubscriberStore, "findByAddress" | "get"> },
  { pageId, channel, address }: Address<C>,
  nobodyId: string,
): Promise<SubscriberOn<C> | null> {
  const found =
    (await subscribers.findByAddress(pageId, channel, address)) ?? (await subscribers.get(pageId, channel, nobodyId));
  if (found === null || isOn(found, channel)) return found;
  throw new Error(`subscriber ${found.id} was found by ${channel}, and is reached by ${found.channel}`);
}
