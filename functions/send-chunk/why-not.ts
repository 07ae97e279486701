import type { SuppressionReason } from "../core/reason.ts";
import type { Subscriber } from "../core/subscriber.ts";

/** Why somebody who was in the audience no longer is. */
export function whyNot(subscriber: Subscriber | null): SuppressionReason {
  if (subscriber === null) return "erased";
  return subscriber.state === "active" ? "no longer subscribed to this" : subscriber.state;
}
