import * as z from "zod/mini";
import {
  type Chunk,
  type ChunkName,
  type ChunkPlan,
  chunkKeySchema,
  chunkSchema,
  PARTITIONS,
} from "../../core/chunk.ts";
import { type Counts, type Delivery, deliverySchema, isOpen } from "../../core/delivery.ts";
import { greatest, least } from "../../core/extremes.ts";
import { hashPosition } from "../../core/ids.ts";
import { type Histogram, histogramSchema } from "../../core/latency.ts";
import type { ReportPart } from "../../core/report.ts";
import { DUE_GRACE_MS, LONGEST_QUEUE_DELAY_MS } from "../../core/retry-schedule.ts";
import type { Subject } from "../../core/subject.ts";
import { type Channel, channelSchema } from "../../core/subscriber.ts";
import { cursorParts, InvalidCursorError } from "../cursor.ts";
import type { ListPage } from "../status/status-store.ts";
import { type Key, timeKey } from "../table.ts";
import type { ChunkDelta } from "./delivery-change.ts";
import type { ChunkPlanKey, ProblemState, RenderingKey } from "./ledger.ts";
import { DELIVERIES_TTL_MS } from "./notice-item.ts";
import { subjectAttributes, subjectIn } from "./stored-subject.ts";

/**
 * Shards of the indexes *due* and *problems*. An index partition that throttles holds back the table's own writes, and
 * on a bad day every delivery of a large update goes into one of the two.
 */
const INDEX_SHARDS = 64;
const SHARDS = Array.from({ length: INDEX_SHARDS }, (_, shard) => shard);

/** `expiresAt` of an item written at `now`; DynamoDB wants seconds. */
export function expiryOf(now: number): number {
  return Math.floor((now + DELIVERIES_TTL_MS) / 1_000);
}

function updatePartition(pageId: string, updateId: string): string {
  return `PAGE#${pageId}#UPDATE#${updateId}`;
}

export function renderingKey({ pageId, updateId, format, locale }: RenderingKey): Key {
  return { pk: updatePartition(pageId, updateId), sk: `RENDERED#${format}#${locale ?? "all"}` };
}

export function planKey({ pageId, subject, channel }: ChunkPlanKey): Key {
  return { pk: `PAGE#${pageId}#INCIDENT#${subject.id}`, sk: `PLAN#${channel}` };
}

/** A plan's item has one such attribute for each update, so that a single write can add one. */
export const PLANNED_PREFIX = "chunks_";

const planItemSchema = z.object({ version: z.number() });
const plannedSchema = z.record(z.string(), z.number());

export function chunkPlanOf(item: Record<string, unknown>): ChunkPlan {
  const planned = Object.entries(item)
    .filter(([name]) => name.startsWith(PLANNED_PREFIX))
    .map(([name, chunks]) => [name.slice(PLANNED_PREFIX.length), chunks]);
  return { version: planItemSchema.parse(item).version, fixed: plannedSchema.parse(Object.fromEntries(planned)) };
}

/** Chunks have partitions of their own, in turn: chunks sent at the same time write to different ones. */
function chunksPartition(pageId: string, updateId: string, chunk: number): string {
  return `${updatePartition(pageId, updateId)}#CHUNKS#${chunk % PARTITIONS}`;
}

export function chunkPartitions(pageId: string, updateId: string): string[] {
  return Array.from({ length: PARTITIONS }, (_, chunk) => chunksPartition(pageId, updateId, chunk));
}

export function chunkItemKey({ pageId, updateId, channel, chunk }: ChunkName): Key {
  return {
    pk: chunksPartition(pageId, updateId, chunk),
    sk: `CHUNK#${channel}#${String(chunk).padStart(6, "0")}`,
  };
}

export function chunkPrefix(channel: Channel | undefined): string {
  return channel === undefined ? "CHUNK#" : `CHUNK#${channel}#`;
}

export function sumsKey({ pageId, updateId, channel, chunk }: ChunkName): Key {
  return { pk: chunksPartition(pageId, updateId, chunk), sk: `SUMS#${channel}` };
}

export function sumsKeys(pageId: string, updateId: string, channel: Channel): Key[] {
  return Array.from({ length: PARTITIONS }, (_, chunk) => sumsKey({ pageId, updateId, channel, chunk }));
}

export function subscriberPartition(pageId: string, subscriberId: string): string {
  return `PAGE#${pageId}#SUBSCRIBER#${subscriberId}`;
}

export function deliveryKey({
  pageId,
  subscriberId,
  subject,
  seq,
}: Pick<Delivery, "pageId" | "subscriberId" | "subject" | "seq">): Key {
  return {
    pk: subscriberPartition(pageId, subscriberId),
    sk: `${deliveryPrefix(subject)}${String(seq).padStart(6, "0")}`,
  };
}

/** The same for every kind of subject: ids of different kinds are never the same. */
export function deliveryPrefix({ id }: Subject): string {
  return `INCIDENT#${id}#`;
}

export function duePartitions(): string[] {
  return SHARDS.map((shard) => `DUE#${shard}`);
}

export function problemsPartitions(pageId: string, updateId: string): string[] {
  return SHARDS.map((shard) => `${updatePartition(pageId, updateId)}#${shard}`);
}

export function dueSortKey(delivery: Pick<Delivery, "subscriberId" | "updateId">, at: number): string {
  return `${timeKey(at)}#${delivery.subscriberId}#${delivery.updateId}`;
}

/** Cursors are the sort keys of the last item given out. */
export const OPEN_CURSOR = /^(\d{13}#[a-z0-9]{12})$/;
export const SUBSCRIBER_CURSOR = /^(\d{13}#[a-z0-9]{12})$/;
const PROBLEMS_CURSOR = /^((?:failed|suppressed|ambiguous)#[a-z0-9]{12})$/;

/**
 * When sweep sees an open delivery; null once final. A delivery that also waits in a queue gets a grace, after which
 * the queue counts as having lost it. Sweep alone looks after all others (FIFO queues take no delay).
 */
function dueAtOf(delivery: Delivery): number | null {
  if (!isOpen(delivery.state)) return null;
  const at = delivery.nextAttemptAt ?? delivery.leaseUntil ?? delivery.updatedAt;
  const isQueued =
    delivery.channel === "webhook" &&
    delivery.state === "retrying" &&
    at - delivery.updatedAt <= LONGEST_QUEUE_DELAY_MS;
  return isQueued ? at + DUE_GRACE_MS : at;
}

/** Whether the delivery belongs in its update's list of problems. */
function isProblem({ state }: Pick<Delivery, "state">): boolean {
  return state === "failed" || state === "suppressed" || state === "ambiguous";
}

function problemsSortKey({ state, subscriberId }: Pick<Delivery, "state" | "subscriberId">): string {
  return `${state}#${subscriberId}`;
}

/** The sort key of *problems* to go on after. Throws InvalidCursorError, also for a cursor of another state's list. */
export function problemsAfter(cursor: string | null, state: ProblemState | undefined): string | undefined {
  if (cursor === null) return undefined;
  const [after] = cursorParts(cursor, PROBLEMS_CURSOR);
  if (state !== undefined && !after?.startsWith(`${state}#`)) throw new InvalidCursorError("not a cursor of this list");
  return after;
}

/** Sort keys of *problems* within one state, after the cursor's if there is one. */
export function problemsRange(state: ProblemState, after: string | undefined): { from: string; to: string } {
  // "!" sorts before all characters of an id, "~" after them.
  return { from: after === undefined ? `${state}#` : `${after}!`, to: `${state}#~` };
}

/** Sorts one subscriber's deliveries by their update. */
function commitSortKey({ committedAt, updateId }: Pick<Delivery, "committedAt" | "updateId">): string {
  return `${timeKey(committedAt)}#${updateId}`;
}

/** What the index *endpoint* holds: keys alone. Only deliveries to endpoints are in it. */
export const endpointIndexSchema = z.object({ pk: z.string(), sk: z.string(), endpointSk: z.string() });

/**
 * A page of one subscriber's deliveries, newest update first. They are stored by subject, so the caller has all of them
 * to sort: 90 days of one subscriber are hundreds at most.
 */
export function newestDeliveries(
  all: readonly Delivery[],
  limit: number,
  after: string | undefined,
): ListPage<Delivery> {
  const rows = all
    .map((delivery) => ({ delivery, sk: commitSortKey(delivery) }))
    .filter(({ sk }) => after === undefined || sk < after)
    .sort((a, b) => (a.sk < b.sk ? 1 : -1));
  const taken = rows.slice(0, limit);
  return {
    items: taken.map(({ delivery }) => delivery),
    next: rows.length > limit ? (taken.at(-1)?.sk ?? null) : null,
  };
}

export function deliveryItem(delivery: Delivery): Record<string, unknown> {
  const { subject, ...rest } = delivery;
  const { pageId, subscriberId, updateId } = delivery;
  const shard = Number.parseInt(hashPosition(subscriberId), 16) % INDEX_SHARDS;
  const dueAt = dueAtOf(delivery);
  return {
    ...deliveryKey(delivery),
    ...rest,
    ...subjectAttributes(subject),
    ...(dueAt === null ? {} : { duePk: duePartitions()[shard], dueSk: dueSortKey(delivery, dueAt) }),
    ...(isProblem(delivery)
      ? { problemsPk: problemsPartitions(pageId, updateId)[shard], problemsSk: problemsSortKey(delivery) }
      : {}),
    ...(delivery.channel === "webhook" ? { endpointSk: commitSortKey(delivery) } : {}),
    expiresAt: expiryOf(delivery.updatedAt),
  };
}

/** Reads an item back; keys and index attributes are dropped. */
export function deliveryOf(item: Record<string, unknown>): Delivery {
  return deliverySchema.parse({ ...item, subject: subjectIn(item) });
}

const count = z._default(z.number(), 0);

/** What a chunk and the sums over many count. */
const COUNTED = {
  count_accepted: count,
  count_failed: count,
  count_suppressed: count,
  count_superseded: count,
  count_ambiguous: count,
  count_open: count,
  count_retried: count,
};

/**
 * A chunk as stored. Anything that several invocations add to at the same time is an attribute of its own: ADD needs
 * that, and takes sums of numbers and unions of sets. None of them exists before it is needed. Latency buckets are
 * `h_<bucket>`.
 */
const chunkItemSchema = z.extend(z.omit(chunkKeySchema, { subject: true }), {
  ...COUNTED,
  state: chunkSchema.shape.state,
  leaseUntil: count,
  attempt: count,
  resend: count,
  queuedAt: z.number(),
  wakeAt: z._default(chunkSchema.shape.wakeAt, null),
  window: z._default(chunkSchema.shape.window, []),
  windowAgain: z._default(chunkSchema.shape.windowAgain, []),
  cursor: z._default(chunkSchema.shape.cursor, null),
  retrying: z._default(z.set(z.string()), new Set<string>()),
  /**
   * The greatest latency of each window and retry, and below it their first and last acceptances: a set is how to take
   * a maximum atomically.
   */
  slowest: z._default(z.set(z.number()), new Set<number>()),
  acceptedTimes: z._default(z.set(z.number()), new Set<number>()),
  /** Whether its numbers are in the sums over the chunks that are done. */
  summed: z._default(z.boolean(), false),
  /** Rises with every change of one of its deliveries. */
  changes: count,
});

const BUCKET_PREFIX = "h_";

function countsIn(stored: z.infer<z.ZodMiniObject<typeof COUNTED>>): Counts {
  return {
    accepted: stored.count_accepted,
    failed: stored.count_failed,
    suppressed: stored.count_suppressed,
    superseded: stored.count_superseded,
    ambiguous: stored.count_ambiguous,
    open: stored.count_open,
    retried: stored.count_retried,
  };
}

function histogramIn(item: Record<string, unknown>): Histogram {
  return histogramSchema.parse(
    Object.fromEntries(
      Object.entries(item)
        .filter(([name]) => name.startsWith(BUCKET_PREFIX))
        .map(([name, counted]) => [name.slice(BUCKET_PREFIX.length), counted]),
    ),
  );
}

const sumsItemSchema = z.object({
  ...COUNTED,
  channel: channelSchema,
  chunksDone: count,
  slowestMs: count,
  firstAcceptedAt: z._default(chunkSchema.shape.firstAcceptedAt, null),
  lastAcceptedAt: z._default(chunkSchema.shape.lastAcceptedAt, null),
});

/** What goes into the sums: a chunk that is done, or what a change moves in one. */
export interface Summand extends Pick<ChunkDelta, "counts" | "histogram"> {
  chunksDone: 0 | 1;
  extremes: { first: number | null; last: number | null; slowestMs: number };
}

export function sumsOf(item: Record<string, unknown>): ReportPart {
  const { channel, chunksDone, slowestMs, firstAcceptedAt, lastAcceptedAt, ...stored } = sumsItemSchema.parse(item);
  const counted = { counts: countsIn(stored), histogram: histogramIn(item) };
  return { channel, chunksDone, slowestMs, firstAcceptedAt, lastAcceptedAt, ...counted };
}

/** What a chunk's item says beside the chunk itself. */
export function markOf(item: Record<string, unknown>): { summed: boolean; changes: number } {
  return chunkItemSchema.parse(item);
}

/** Reads an item back; it drops keys and the attributes that go into its sums. */
export function chunkOf(item: Record<string, unknown>): Chunk {
  const stored = chunkItemSchema.parse(item);
  return chunkSchema.parse({
    ...stored,
    counts: countsIn(stored),
    retrying: [...stored.retrying].sort(),
    histogram: histogramIn(item),
    slowestMs: Math.max(0, greatest(stored.slowest) ?? 0),
    firstAcceptedAt: least(stored.acceptedTimes),
    lastAcceptedAt: greatest(stored.acceptedTimes),
  });
}

/** The attributes to ADD for a difference: zeros and empty sets are left out (DynamoDB refuses empty sets). */
export function addsOf(delta: Omit<ChunkDelta, "noLongerRetrying">): Record<string, unknown> {
  const numbers = [
    ...Object.entries(delta.counts).map(([key, by]): [string, number] => [`count_${key}`, by]),
    ...Object.entries(delta.histogram).map(([bucket, by]): [string, number] => [`${BUCKET_PREFIX}${bucket}`, by]),
  ].filter(([, by]) => by !== 0);
  return {
    ...Object.fromEntries(numbers),
    ...(delta.slowestMs === null || delta.slowestMs <= 0 ? {} : { slowest: new Set([delta.slowestMs]) }),
    ...(delta.acceptedTimes.length === 0 ? {} : { acceptedTimes: new Set(delta.acceptedTimes) }),
    ...(delta.nowRetrying.length === 0 ? {} : { retrying: new Set(delta.nowRetrying) }),
  };
}
