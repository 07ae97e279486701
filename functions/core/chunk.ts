import * as z from "zod/mini";
import { type Counts, countsSchema } from "./delivery.ts";
import { greatest } from "./extremes.ts";
import { idSchema } from "./ids.ts";
import { histogramSchema } from "./latency.ts";
import { toldSubjectSchema } from "./subject.ts";
import { type Channel, channelSchema } from "./subscriber.ts";

/** Names a chunk: one range of the audience of one update, or of one component change, on one channel. */
export const chunkRefSchema = z.object({
  pageId: idSchema,
  subject: toldSubjectSchema,
  /** The update, or the change. */
  updateId: idSchema,
  seq: z.number(),
  channel: channelSchema,
  /** 0-based. */
  chunk: z.number(),
});
export type ChunkRef = z.infer<typeof chunkRefSchema>;
/** The part of it that no other chunk shares. */
export type ChunkName = Pick<ChunkRef, "pageId" | "updateId" | "channel" | "chunk">;

/** A chunk with the number of chunks its channel has, which fixes its range. */
export const chunkKeySchema = z.extend(chunkRefSchema, { of: z.number() });
export type ChunkKey = z.infer<typeof chunkKeySchema>;

/**
 * What a chunk's claim knows: enough for another invocation to go on after a crash anywhere. Its work says what it is
 * about.
 */
export const chunkSchema = z.extend(z.omit(chunkKeySchema, { subject: true }), {
  /**
   * queued: sent (again) and not claimed since. claimed: an invocation holds the lease. done: only retries are left.
   */
  state: z.enum(["queued", "claimed", "done"]),
  leaseUntil: z.number(),
  /** Claims so far: the fencing token of the invocation that holds the lease. */
  attempt: z.number(),
  /** Number of times sweep has sent it again; part of the deduplication id. */
  resend: z.number(),
  queuedAt: z.number(),
  /** Set when an invocation gave it back: sweep does not send it again before. */
  wakeAt: z.nullable(z.number()),
  /** Ids that may be in flight: written before they are sent. After a crash these are the ambiguous ones. */
  window: z.array(idSchema),
  /** Those of the window whose outcome was already unknown once before. */
  windowAgain: z.array(idSchema),
  /** Position after which to go on; null: from the start. */
  cursor: z.nullable(z.string()),
  counts: countsSchema,
  /** Subscribers whose delivery is open beyond the chunk's first attempt. */
  retrying: z.array(idSchema),
  /** Milliseconds from commit to the provider's acceptance. */
  histogram: histogramSchema,
  slowestMs: z.number(),
  firstAcceptedAt: z.nullable(z.number()),
  lastAcceptedAt: z.nullable(z.number()),
});
export type Chunk = z.infer<typeof chunkSchema>;

/** What one attempt adds to its chunk. */
export interface ChunkProgress {
  counts: Counts;
  retrying: readonly string[];
  histogram: Readonly<Record<string, number>>;
  slowestMs: number;
  firstAcceptedAt: number | null;
  lastAcceptedAt: number | null;
}

/**
 * Recipients per chunk. Many recipients per invocation carry the first seconds, when SQS gives a new mapping five
 * concurrent invocations. But a whole chunk is in doubt after a crash, so not too many.
 */
export const RECIPIENTS_PER_CHUNK: Record<Channel, number> = { email: 50, sms: 20, webhook: 25 };

/** Recipients in flight at once inside a chunk, and so at most in doubt after a crash. */
export const WINDOW: Record<Channel, number> = { email: 25, sms: 1, webhook: 25 };

/** A chunk never holds more than this many seconds of the send rate. */
const CHUNK_SECONDS = 10;

/** How many recipients a chunk is meant for, given the send rate per second (null: none applies). At least one. */
export function recipientsPerChunk(channel: Channel, ratePerSecond: number | null): number {
  const byRate =
    ratePerSecond === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(ratePerSecond * CHUNK_SECONDS));
  return Math.min(RECIPIENTS_PER_CHUNK[channel], byRate);
}

/** How many chunks for that many subscribers, given the send rate per second (null: none applies). At least one. */
export function chunksFor(channel: Channel, subscribers: number, ratePerSecond: number | null): number {
  return Math.max(1, Math.ceil(subscribers / recipientsPerChunk(channel, ratePerSecond)));
}

/**
 * How many chunks each update of an incident, or change of a component, was cut into on one channel. The greatest number
 * is in force.
 */
export interface ChunkPlan {
  /** Rises with every change; the condition of the next one. */
  version: number;
  /** By the update's sequence number. */
  fixed: Readonly<Record<string, number>>;
}

export function chunksInForce({ fixed }: ChunkPlan): number {
  return Math.max(1, greatest(Object.values(fixed)) ?? 1);
}

/**
 * A plan names this many of the newest at most. An incident never has that many updates. A component that a monitor
 * flips for years has more changes than an item can hold. Those this far back have long been over.
 */
export const LONGEST_PLAN = 200;

/** The numbers to leave out when one more is added. */
export function tooOldFor({ fixed }: ChunkPlan): number[] {
  const seqs = Object.keys(fixed).map(Number);
  return seqs.sort((a, b) => b - a).slice(LONGEST_PLAN - 1);
}

/**
 * Chunks may hold this many times what they should. Beyond that the incident's next update is cut into more of them.
 */
const TOLERATED_GROWTH = 2;

/** Whether the audience has outgrown its chunks. `wanted` is how many it would be cut into today. */
export function isOutgrown(chunks: number, wanted: number): boolean {
  return wanted > TOLERATED_GROWTH * chunks;
}

/**
 * Whether a channel has so many chunks that sums are kept over those that are done. Fewer are read one by one, which tells
 * of those under way too and costs sending nothing.
 */
export function isSummed(of: number): boolean {
  return of >= 1_000;
}

/** Nothing of the chunk is in flight, or ever will be again. */
export function isOver(chunk: Pick<Chunk, "state" | "retrying">): boolean {
  return chunk.state === "done" && chunk.retrying.length === 0;
}

const POSITIONS = 2 ** 32;

/**
 * An audience is stored in this many partitions, each an equal range of positions, and so are the chunks of an update. A
 * partition of DynamoDB gives 3,000 read units a second and takes 1,000 write units. At 25,000 recipients a second no key
 * takes half of that (docs/performance.md).
 */
export const PARTITIONS = 32;

/** The partition that a position lies in; what follows its 8 digits does not count. */
export function partitionOf(position: string): number {
  return Math.floor(Number.parseInt(position.slice(0, 8) || "0", 16) / (POSITIONS / PARTITIONS));
}

/** The last position of a partition. */
export function partitionEnd(partition: number): string {
  return hex((partition + 1) * (POSITIONS / PARTITIONS) - 1);
}

/**
 * The chunk's hash positions, both ends included, as 8 hex digits. Chunks are sent by their numbers, and neighbours are
 * ranges of different partitions: so many chunks at once are spread over all of the audience.
 */
export function chunkRange(chunk: number, of: number): { from: string; to: string } {
  const rows = Math.floor(of / PARTITIONS);
  const column = chunk % PARTITIONS;
  const range = column * rows + Math.min(column, of % PARTITIONS) + Math.floor(chunk / PARTITIONS);
  const from = Math.ceil((range * POSITIONS) / of);
  const next = Math.ceil(((range + 1) * POSITIONS) / of);
  return { from: hex(from), to: hex(next - 1) };
}

function hex(position: number): string {
  return position.toString(16).padStart(8, "0");
}
