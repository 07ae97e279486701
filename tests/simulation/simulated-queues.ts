import { type ChunkWork, chunkGroup, deduplicationId, type RetryWork } from "../../functions/core/queued-work.ts";
import type { AllQueues } from "../../functions/providers/queues.ts";
import type { QueueName } from "../fakes/queues.ts";

interface Entry {
  queue: QueueName;
  body: string;
  /** Null on standard queues. */
  group: string | null;
  visibleAt: number;
  /** How often it was received: a receipt is good for the latest only. */
  received: number;
}

export interface Received {
  queue: QueueName;
  body: string;
  /** `done`: it is deleted. Otherwise it comes back after the visibility time-out. */
  settle: (done: boolean) => void;
}

/** SQS drops a repeated deduplication id for five minutes. */
const DEDUPLICATION_MS = 5 * 60_000;
/** As the stacks set it for every queue of work. */
const VISIBILITY_MS = 70_000;

/**
 * SQS as it may behave: FIFO groups in order with five-minute deduplication, groups and standard queues in any order
 * among each other, standard entries twice on demand, visibility that ends early, and the loss of whole queues.
 */
export function simulatedQueues(clock: () => number, below: (count: number) => number) {
  let entries: Entry[] = [];
  let copies = 0;
  const seen = new Map<string, number>();

  const put = (queue: QueueName, work: unknown, delayMs: number, group: string | null) => {
    const entry = { queue, body: JSON.stringify(work), group, visibleAt: clock() + delayMs, received: 0 };
    entries.push(entry);
    if (group !== null || copies === 0) return;
    copies -= 1;
    entries.push({ ...entry });
  };
  const putFifo = (work: ChunkWork | RetryWork) => {
    const id = `${work.channel}|${deduplicationId(work)}`;
    if ((seen.get(id) ?? Number.NEGATIVE_INFINITY) > clock() - DEDUPLICATION_MS) return;
    seen.set(id, clock());
    put(work.channel, work, 0, `${work.channel}|${chunkGroup(work)}`);
  };
  const ports: AllQueues = {
    async sendChunks(works) {
      for (const work of works) putFifo(work);
    },
    async sendRetry(work, delayMs) {
      if (work.channel === "webhook") put("webhookRetry", work, delayMs, null);
      else putFifo(work);
    },
    async sendLetter(work, delayMs = 0) {
      put("letters", work, delayMs, null);
    },
    async sendProbe(work, delayMs) {
      put("probes", work, delayMs, null);
    },
    async sendSmsLetter(work, delayMs = 0) {
      put("smsLetters", work, delayMs, null);
    },
    async sendQuarantine(work, delayMs) {
      put("plan", work, delayMs, null);
    },
    async wakePlanner(work) {
      put("plan", work, 0, null);
    },
    async wakePublisher(work) {
      put("publish", work, 0, null);
    },
  };
  return {
    ports,
    /** One of the entries that may be received now. */
    receive(): Received | null {
      const now = clock();
      const candidates = entries.filter(
        ({ visibleAt, group }, index) =>
          visibleAt <= now && (group === null || !entries.slice(0, index).some((earlier) => earlier.group === group)),
      );
      const entry = candidates[below(candidates.length)];
      if (entry === undefined) return null;
      entry.visibleAt = now + VISIBILITY_MS;
      entry.received += 1;
      const receipt = entry.received;
      return {
        queue: entry.queue,
        body: entry.body,
        settle: (done) => {
          // A FIFO queue refuses to delete what it has handed to somebody else meanwhile.
          if (done && (entry.group === null || entry.received === receipt)) {
            entries = entries.filter((other) => other !== entry);
          }
        },
      };
    },
    /** All that was in the queue (null: in every queue) is gone. */
    lose(queue: QueueName | null) {
      entries = entries.filter((entry) => queue !== null && entry.queue !== queue);
    },
    /** What is in flight may be received again at once: it waited at Lambda's door until its visibility was nearly over. */
    redeliver() {
      for (const entry of entries) if (entry.received > 0) entry.visibleAt = clock();
    },
    /** The next entries of standard queues come twice. */
    duplicate(count: number) {
      copies += count;
    },
    size: () => entries.length,
    /** When the next entry becomes visible that is not yet; infinity: none does. */
    nextVisible: () => Math.min(...entries.map(({ visibleAt }) => visibleAt).filter((at) => at > clock())),
  };
}
