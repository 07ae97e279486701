import { type Channel, mustBeOn, type Subscriber, type SubscriberOn } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

/**
 * `before` is what was replaced. `kept`: there is nothing to change in the subscriber as it is. `contended`: others
 * changed it each time.
 */
export type Change<S extends Subscriber> =
  | { outcome: "changed"; before: S; subscriber: S }
  | { outcome: "kept"; subscriber: S }
  | { outcome: "contended" }
  | { outcome: "missing" };

/** A try fails only when somebody else makes a change. */
const TRIES = 5;

/**
 * Changes a subscriber that was read. `to` makes the next one from the present one, or returns null for no change. If
 * somebody else was faster, it is asked again about what they left. What `to` throws ends the change.
 */
export async function changeSubscriber<C extends Channel>(
  { subscribers }: { subscribers: Pick<SubscriberStore, "replace"> },
  read: SubscriberOn<C>,
  to: (present: SubscriberOn<C>) => SubscriberOn<C> | null | Promise<SubscriberOn<C> | null>,
): Promise<Change<SubscriberOn<C>>> {
  let present: Subscriber = read;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const before = mustBeOn(present, read.channel);
    const next = await to(before);
    if (next === null) return { outcome: "kept", subscriber: before };
    const replaced = await subscribers.replace(before, next);
    if (replaced.outcome === "missing") return replaced;
    if (replaced.outcome === "changed") {
      return { outcome: "changed", before, subscriber: mustBeOn(replaced.subscriber, read.channel) };
    }
    present = replaced.subscriber;
  }
  return { outcome: "contended" };
}
