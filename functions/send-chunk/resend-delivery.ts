import type { Clock } from "../core/clock.ts";
import { type Delivery, isTooOldToResend, type Resender, resend } from "../core/delivery.ts";
import { retryWorkOf } from "../core/queued-work.ts";
import type { Logger } from "../lambda/logger.ts";
import type { RetryQueues } from "../providers/queues.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";

export interface ResendDeps {
  ledger: Pick<Ledger, "changeDelivery">;
  /** The channels' lanes for retries. */
  resends: RetryQueues;
  clock: Clock;
  log: Logger;
}

export type Resent = { outcome: "queued"; delivery: Delivery } | { outcome: "open already" } | { outcome: "too old" };

/**
 * Makes an ended delivery due at once and queues it; it sends nothing itself. If queueing fails, sweep finds the
 * delivery in the due index within a minute. `open already`: it was open, or somebody else asked for the same at this
 * moment. `too old`: its text would be gone before its schedule ends.
 */
export async function resendDelivery(deps: ResendDeps, delivery: Delivery, by: Resender): Promise<Resent> {
  const now = deps.clock();
  if (isTooOldToResend(delivery, now)) return { outcome: "too old" };
  const due = resend(delivery, now, by);
  if (due === null) return { outcome: "open already" };
  const changed = await deps.ledger.changeDelivery(delivery, due, null);
  if (changed.outcome === "lost") return { outcome: "open already" };
  try {
    await deps.resends.sendRetry(retryWorkOf(due, now), 0);
  } catch (error) {
    deps.log.error("resend not queued: sweep will", error, { updateId: due.updateId, subscriberId: due.subscriberId });
  }
  return { outcome: "queued", delivery: due };
}
