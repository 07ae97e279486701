import type { Delivery } from "../core/delivery.ts";
import { retryWorkOf } from "../core/queued-work.ts";
import { LONGEST_QUEUE_DELAY_MS } from "../core/retry-schedule.ts";
import type { SendDeps } from "./channel-sender.ts";

/**
 * Queues a webhook's next attempt if a queue can hold it back that long. Everything else waits in the due index: FIFO
 * queues take no delay, and the index has every open delivery anyway, so nothing depends on this.
 */
export async function queueRetry(delivery: Delivery, deps: Pick<SendDeps, "queues" | "clock">): Promise<void> {
  if (delivery.channel !== "webhook" || delivery.nextAttemptAt === null) return;
  const delay = Math.max(0, delivery.nextAttemptAt - deps.clock());
  if (delay > LONGEST_QUEUE_DELAY_MS) return;
  await deps.queues.sendRetry(retryWorkOf(delivery), delay);
}
