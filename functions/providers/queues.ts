import type { ChunkWork, ConfirmationWork, PlanWork, PublishWork, RetryWork } from "../core/queued-work.ts";

/** Each call reads the `Failed` list of its batches and throws QueueError, naming how many, if some stay unsent after retries. */
export interface ChunkQueues {
  sendChunks(works: readonly ChunkWork[]): Promise<void>;
}
export interface RetryQueues {
  /** Email and SMS go to their FIFO group at once (FIFO takes no delay); a webhook waits up to 15 minutes in its lane. */
  sendRetry(work: RetryWork, delayMs: number): Promise<void>;
}
export interface ConfirmationQueue {
  sendConfirmation(work: ConfirmationWork): Promise<void>;
}
export interface WakeQueues {
  wakePlanner(work: PlanWork): Promise<void>;
  wakePublisher(work: PublishWork): Promise<void>;
}
