import { type ChunkWork, chunkGroup, deduplicationId, type RetryWork } from "../../functions/core/queued-work.ts";
import type { Channel } from "../../functions/core/subscriber.ts";
import type { AllQueues } from "../../functions/providers/queues.ts";

export type QueueName = Channel | "webhookRetry" | "probes" | "letters" | "smsLetters" | "plan" | "publish";

/** SQS keeps no order in a standard queue: either may happen. */
export type StandardOrder = "oldest first" | "newest first";

interface Entry {
  queue: QueueName;
  body: string;
  group: string | null;
  visibleAt: number;
}

/** SQS drops a repeated deduplication id for five minutes. */
const DEDUPLICATION_MS = 5 * 60_000;
/** As the stacks set it for every queue of work. */
const VISIBILITY_MS = 70_000;

/** In-memory SQS: FIFO groups with deduplication, standard queues with delay, visibility time-out, and loss on demand. */
export function memoryQueues(clock: () => number, { standard = "oldest first" }: { standard?: StandardOrder } = {}) {
  let entries: Entry[] = [];
  const seen = new Map<string, number>();
  /** Every body ever accepted, for assertions. */
  const sent: { queue: QueueName; body: string }[] = [];

  const put = (queue: QueueName, work: unknown, delayMs: number, group: string | null) => {
    const body = JSON.stringify(work);
    sent.push({ queue, body });
    entries.push({ queue, body, group, visibleAt: clock() + delayMs });
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
    sent,
    /** The next body that may be received now; `settle(false)` leaves it to come back after the visibility time-out. */
    receive(): { queue: QueueName; body: string; settle: (done: boolean) => void } | null {
      const now = clock();
      const mayBeReceived = (candidate: Entry, index: number) => {
        if (candidate.visibleAt > now) return false;
        return (
          candidate.group === null || !entries.slice(0, index).some((earlier) => earlier.group === candidate.group)
        );
      };
      const fits = entries.filter(mayBeReceived);
      const isStandard = fits.at(-1)?.group === null;
      const entry = standard === "newest first" && isStandard ? fits.at(-1) : fits[0];
      if (entry === undefined) return null;
      entry.visibleAt = now + VISIBILITY_MS;
      return {
        queue: entry.queue,
        body: entry.body,
        settle: (done) => {
          if (done) entries = entries.filter((other) => other !== entry);
        },
      };
    },
    /** All that was queued is gone. */
    lose() {
      entries = [];
    },
    size: () => entries.length,
  };
}
