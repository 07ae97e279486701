import { setTimeout } from "node:timers/promises";
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import {
  type ChunkWork,
  chunkGroup,
  type DigestWork,
  deduplicationId,
  type LetterWork,
  type PlanWork,
  type ProbeWork,
  type PublishWork,
  type QuarantineWork,
  type RetryWork,
  type SmsLetterWork,
} from "../core/queued-work.ts";
import { CHANNELS } from "../core/subscriber.ts";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { SERVICE_TIMES } from "../lambda/sdk-times.ts";

/**
 * Each call reads the `Failed` list of its batches. It throws QueueError, with their number, if some stay unsent after
 * retries.
 */
export interface ChunkQueues {
  sendChunks(works: readonly ChunkWork[]): Promise<void>;
}
export interface RetryQueues {
  /**
   * Email and SMS go to their FIFO group at once (FIFO takes no delay). A webhook waits up to 15 minutes in its lane.
   */
  sendRetry(work: RetryWork, delayMs: number): Promise<void>;
}
export interface LetterQueue {
  /** `delayMs`: up to 15 minutes; without it, at once. */
  sendLetter(work: LetterWork, delayMs?: number): Promise<void>;
}
/** For letters where mail has no sender: queued, they would wait for days and then be put aside with an alarm. */
export const noLetters: LetterQueue = { sendLetter: async () => {} };

export interface ProbeQueue {
  /** A lane of its own. Strangers can cause probes, and these must not slow what customers wait for. */
  sendProbe(work: ProbeWork, delayMs: number): Promise<void>;
}
export interface SmsLetterQueue {
  sendSmsLetter(work: SmsLetterWork, delayMs?: number): Promise<void>;
}
export interface QuarantineQueue {
  sendQuarantine(work: QuarantineWork | DigestWork, delayMs: number): Promise<void>;
}
export interface WakeQueues {
  wakePlanner(work: PlanWork): Promise<void>;
  wakePublisher(work: PublishWork): Promise<void>;
}

const BATCH = 10;
const BATCHES_IN_FLIGHT = 8;
const TRIES = 4;

/** Some entries stayed unsent after retries. The caller must not take its work for done. */
export class QueueError extends Error {
  override name = "QueueError";
}

export interface QueueUrls {
  email?: string;
  sms?: string;
  webhook?: string;
  webhookRetry?: string;
  probes?: string;
  letters?: string;
  smsLetters?: string;
  plan?: string;
  publish?: string;
}

export type AllQueues = ChunkQueues &
  RetryQueues &
  LetterQueue &
  SmsLetterQueue &
  ProbeQueue &
  QuarantineQueue &
  WakeQueues;

/**
 * SQS. A function names only the queues that it may write to. Asking for another is a programming error that says so.
 */
export function sqsQueues(urls: QueueUrls): AllQueues {
  // The queue's URL is data, not an endpoint. On one machine it names a host that does not resolve.
  const client = new SQSClient({ useQueueUrlAsEndpoint: false, logger: sdkLogger, requestHandler: SERVICE_TIMES });
  const urlOf = (name: keyof QueueUrls): string => {
    const url = urls[name];
    if (url === undefined) throw new QueueError(`this function has no queue named ${name}`);
    return url;
  };
  const sendBatch = async (url: string, entries: SendMessageBatchRequestEntry[]) => {
    let pending = entries;
    for (let attempt = 1; pending.length > 0; attempt += 1) {
      const answer = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: pending }));
      const failed = new Set((answer.Failed ?? []).map(({ Id }) => Id));
      pending = pending.filter(({ Id }) => failed.has(Id));
      if (pending.length > 0 && attempt === TRIES) {
        throw new QueueError(
          `${pending.length} of ${entries.length} entries were refused: ${answer.Failed?.[0]?.Code}`,
        );
      }
      if (pending.length > 0) await setTimeout(50 * 2 ** attempt);
    }
  };
  const sendOne = async (name: keyof QueueUrls, body: unknown, delayMs: number) => {
    const DelaySeconds = Math.ceil(delayMs / 1_000);
    await client.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody: bodyOf(body), DelaySeconds }));
  };
  const fifo = (work: ChunkWork | RetryWork) => ({
    MessageBody: bodyOf(work),
    MessageGroupId: chunkGroup(work),
    MessageDeduplicationId: deduplicationId(work),
  });
  return {
    async sendChunks(works) {
      const batches: { url: string; entries: SendMessageBatchRequestEntry[] }[] = [];
      for (const channel of CHANNELS) {
        const own = works.filter((work) => work.channel === channel);
        for (let first = 0; first < own.length; first += BATCH) {
          const entries = own.slice(first, first + BATCH).map((work, index) => ({ Id: String(index), ...fifo(work) }));
          batches.push({ url: urlOf(channel), entries });
        }
      }
      for (let first = 0; first < batches.length; first += BATCHES_IN_FLIGHT) {
        const flight = batches.slice(first, first + BATCHES_IN_FLIGHT);
        await Promise.all(flight.map(({ url, entries }) => sendBatch(url, entries)));
      }
    },
    async sendRetry(work, delayMs) {
      if (work.channel === "webhook") return sendOne("webhookRetry", work, delayMs);
      await client.send(new SendMessageCommand({ QueueUrl: urlOf(work.channel), ...fifo(work) }));
    },
    sendLetter: (work, delayMs = 0) => sendOne("letters", work, delayMs),
    sendProbe: (work, delayMs) => sendOne("probes", work, delayMs),
    sendSmsLetter: (work, delayMs = 0) => sendOne("smsLetters", work, delayMs),
    sendQuarantine: (work, delayMs) => sendOne("plan", work, delayMs),
    wakePlanner: (work) => sendOne("plan", work, 0),
    wakePublisher: (work) => sendOne("publish", work, 0),
  };
}

/**
 * SQS refuses a body with U+FFFE or U+FFFF in it (SendMessage lists the characters that it takes), which a page's name may
 * have; the emulator refuses emoji too. JSON writes any of them in ASCII.
 */
function bodyOf(work: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16)}`;
  return JSON.stringify(work).replace(/[\uD800-\uDFFF\uFFFE\uFFFF]/g, escaped);
}
