import { countKey, type Delivery, type DeliveryState, isOpen } from "../../core/delivery.ts";
import { bucketOf } from "../../core/latency.ts";

/** The delivery as its change expects to find it. */
export interface FromDelivery {
  state: DeliveryState;
  attempts: number;
  leaseUntil: number | null;
}

/** What moves in a chunk: differences, not totals. */
export interface ChunkDelta {
  counts: Readonly<Record<string, number>>;
  histogram: Readonly<Record<string, number>>;
  slowestMs: number | null;
  acceptedTimes: readonly number[];
  nowRetrying: readonly string[];
  noLongerRetrying: readonly string[];
}

/** What a delivery's change moves in its chunk. */
export function deltaOf(from: FromDelivery, to: Delivery, latencyMs: number | null): ChunkDelta {
  const [left, entered] = [countKey(from.state), countKey(to.state)];
  // An operator's resend took as long as the operator did: that says nothing of the pipeline.
  const measured = to.state === "accepted" && from.state !== "accepted" && to.resent === undefined;
  return {
    counts: {
      ...(left === entered ? {} : { [left]: -1, [entered]: 1 }),
      // Deliveries with more than one attempt; a throttled attempt is taken back.
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
 * Whether the chunk must have counted the delivery before it may change. Its window's ids are counted when the window is
 * closed, as they are then: a change in between would be counted twice. An attempt under way always may report.
 */
export function mustBeCounted(from: FromDelivery): boolean {
  return from.state !== "sending";
}
