import { countKey, type Delivery, type DeliveryState, isOpen } from "../../core/delivery.ts";
import { bucketOf } from "../../core/latency.ts";

/** The delivery as its change expects to find it. */
export interface FromDelivery {
  state: DeliveryState;
  attempts: number;
  leaseUntil: number | null;
}

/** What changes in a chunk: differences, not totals. */
export interface ChunkDelta {
  counts: Readonly<Record<string, number>>;
  histogram: Readonly<Record<string, number>>;
  slowestMs: number | null;
  acceptedTimes: readonly number[];
  nowRetrying: readonly string[];
  noLongerRetrying: readonly string[];
}

/** What a delivery's change changes in its chunk. */
export function deltaOf(from: FromDelivery, to: Delivery, latencyMs: number | null): ChunkDelta {
  const [left, entered] = [countKey(from.state), countKey(to.state)];
  // An operator's resend takes as long as the operator does: that says nothing about the pipeline.
  const measured = to.state === "accepted" && from.state !== "accepted" && to.resent === undefined;
  return {
    counts: {
      ...(left === entered ? {} : { [left]: -1, [entered]: 1 }),
      // Counts deliveries with more than one attempt; a throttled attempt is taken back.
      retried: Number(to.attempts > 1) - Number(from.attempts > 1),
    },
    histogram: measured && latencyMs !== null ? { [bucketOf(latencyMs)]: 1 } : {},
    slowestMs: measured ? latencyMs : null,
    acceptedTimes: measured ? [to.updatedAt] : [],
    nowRetrying: !isOpen(from.state) && isOpen(to.state) ? [to.subscriberId] : [],
    noLongerRetrying: isOpen(from.state) && !isOpen(to.state) ? [to.subscriberId] : [],
  };
}

/**
 * Whether the chunk must have counted the delivery before the delivery may change. Closing a window counts its ids as
 * they are then, so a change before that would count twice. An attempt under way may always report.
 */
export function mustBeCounted(from: FromDelivery): boolean {
  return from.state !== "sending";
}
