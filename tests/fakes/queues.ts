import { type ChunkWork, chunkGroup, deduplicationId, type RetryWork } from "../../functions/core/queued-work.ts";
import type { Channel } from "../../functions/core/subscriber.ts";
import type { AllQueues } from "../../functions/providers/queues.ts";

export type QueueName = Channel | "webhookRetry" | "probes" | "letters" | "smsLetters" | "plan" | "publish";

interface Entry {
  queue: QueueName;
  body: string;
  /** Null on standard queues. */
  group: string | null;
  visibleAt: number;
  /** How often it was received: only the latest receipt is good. */
  received: number;
}

/**
 * Chooses which of the entries that may be received now comes, oldest first: SQS keeps no order except within a FIFO
 * group.
 */
export type Choose = (candidates: readonly Pick<Entry, "queue" | "group">[]) => number;

const oldestFirst: Choose = () => 0;
/** The other extreme, for standard queues. */
export const newestFirst: Choose = (candidates) => (candidates.at(-1)?.group === null ? candidates.length - 1 : 0);

export interface Received {
  queue: QueueName;
  body: string;
  /** How often, this time included: a redrive policy counts these, whatever the function came to. */
  received: number;
  /** `done`: it is deleted. Otherwise it comes back after the visibility time-out. */
  settle: (done: boolean) => void;
}

/** SQS's quotas: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const LONGEST_DELAY_MS = 15 * 60_000;
const LONGEST_BODY = 1_048_576;

/** SQS drops a repeated deduplication id for five minutes. */
const DEDUPLICATION_MS = 5 * 60_000;
/** As in the stacks, for every queue of work. */
const VISIBILITY_MS = 70_000;

/**
 * SQS in memory, as it may behave: FIFO groups in order with five-minute deduplication, groups and standard queues in
 * the order that `choose` decides, standard entries twice on demand, visibility that ends early, and the loss of whole
 * queues. tests/contract/queues.contract.test.ts compares it with an emulator.
 */
export function memoryQueues(clock: () => number, choose: Choose = oldestFirst) {
  let entries: Entry[] = [];
  let copies = 0;
  const seen = new Map<string, number>();
  /** Every body ever accepted, for assertions. */
  const sent: { queue: QueueName; body: string }[] = [];

  const put = (queue: QueueName, work: unknown, delayMs: number, group: string | null) => {
    const body = JSON.stringify(work);
    if (delayMs < 0 || delayMs > LONGEST_DELAY_MS) throw new Error("InvalidParameterValue: DelaySeconds");
    if (Buffer.byteLength(body) > LONGEST_BODY) throw new Error("InvalidParameterValue: the message is too long");
    sent.push({ queue, body });
    const entry = { queue, body, group, visibleAt: clock() + delayMs, received: 0 };
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
    sent,
    /** One of the entries that may be received now, of the queues that are read now. */
    receive(isRead: (queue: QueueName) => boolean = () => true): Received | null {
      const now = clock();
      const ahead = new Set<string>();
      const candidates = entries.filter(({ queue, visibleAt, group }) => {
        const isFirst = group === null || !ahead.has(group);
        if (group !== null) ahead.add(group);
        return isFirst && visibleAt <= now && isRead(queue);
      });
      const entry = candidates[choose(candidates)];
      if (entry === undefined) return null;
      entry.visibleAt = now + VISIBILITY_MS;
      entry.received += 1;
      const receipt = entry.received;
      return {
        queue: entry.queue,
        body: entry.body,
        received: entry.received,
        settle: (done) => {
          // A FIFO queue refuses to delete what it has given to somebody else meanwhile.
          if (done && (entry.group === null || entry.received === receipt)) {
            entries = entries.filter((other) => other !== entry);
          }
        },
      };
    },
    /** Everything in the queue (null: in every queue) is lost. */
    lose(queue: QueueName | null = null) {
      entries = entries.filter((entry) => queue !== null && entry.queue !== queue);
    },
    /**
     * What is in flight may be received again at once: it waited at Lambda's door until its visibility was nearly over.
     */
    redeliver() {
      for (const entry of entries) if (entry.received > 0) entry.visibleAt = clock();
    },
    /** The next entries of standard queues come twice. */
    duplicate(count: number) {
      copies += count;
    },
    size: () => entries.length,
    /** When the next hidden entry becomes visible; infinity: none does. */
    nextVisible: () => Math.min(...entries.map(({ visibleAt }) => visibleAt).filter((at) => at > clock())),
  };
}
