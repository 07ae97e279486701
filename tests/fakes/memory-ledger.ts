import {
  type Chunk,
  type ChunkKey,
  type ChunkPlan,
  type ChunkProgress,
  tooOldFor,
} from "../../functions/core/chunk.ts";
import {
  type Counts,
  countKey,
  type Delivery,
  type DeliveryState,
  isOpen,
  NO_COUNTS,
  sumCounts,
} from "../../functions/core/delivery.ts";
import { bucketOf, type Histogram, mergeHistograms } from "../../functions/core/latency.ts";
import type { Notice } from "../../functions/core/notice.ts";
import type { Rendering } from "../../functions/core/rendering.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { FromDelivery } from "../../functions/store/deliveries/delivery-change.ts";
import type { ChunkPlanKey, FencedOutcome, Ledger, RenderingKey } from "../../functions/store/deliveries/ledger.ts";
import { keyOf, type Placed, pageOf, placeIn } from "./memory-lists.ts";

export interface MemoryLedger extends Ledger {
  /** Does what the status store's transaction does. */
  putNotice(notice: Notice): void;
  allNotices(): Notice[];
  allDeliveries(): Delivery[];
  allChunks(): Chunk[];
  /** Everything is lost, as if the table had been restored from nothing. */
  lose(): void;
}

interface StoredDelivery {
  delivery: Delivery;
  /** Its time in the index *due*; null if it is not there. */
  dueAt: number | null;
}

const SAVED: FencedOutcome = { outcome: "saved" };
const LOST: FencedOutcome = { outcome: "lost" };

/**
 * The ledger in memory. Each call is atomic: nothing is awaited inside. It shares no code with the adapter, so that no
 * fault is in both. From core it takes what the words mean, whatever stores them: which plans are too old, what counts
 * as open and under which name, how counts add up, and the histogram's buckets.
 */
export function memoryLedger(): MemoryLedger {
  const notices = new Map<string, Notice>();
  const renderings = new Map<string, Rendering>();
  const plans = new Map<string, ChunkPlan>();
  const chunks = new Map<string, Chunk>();
  const deliveries = new Map<string, StoredDelivery>();

  function fenced(key: ChunkKey, attempt: number, change: (chunk: Chunk) => Chunk): FencedOutcome {
    const stored = chunks.get(chunkKey(key));
    if (stored?.state !== "claimed" || stored.attempt !== attempt) return LOST;
    chunks.set(chunkKey(key), structuredClone(change(stored)));
    return SAVED;
  }

  function putDelivery(delivery: Delivery): void {
    const stored = { delivery: structuredClone(delivery), dueAt: dueAtOf(delivery) };
    deliveries.set(deliveryKey(delivery), stored);
  }

  function findDelivery(delivery: Delivery): StoredDelivery | undefined {
    return deliveries.get(deliveryKey(delivery));
  }

  function newestFirst(pageId: string, subscriberId: string): Placed<Delivery>[] {
    return [...deliveries.values()]
      .map(({ delivery }) => delivery)
      .filter((delivery) => delivery.pageId === pageId && delivery.subscriberId === subscriberId)
      .map((delivery) => ({ place: [-delivery.committedAt, delivery.updateId], value: delivery }));
  }

  return {
    putNotice: (notice) => void notices.set(keyOf(notice.pageId, notice.updateId), structuredClone(notice)),
    allNotices: () => structuredClone([...notices.values()]),
    allDeliveries: () => structuredClone([...deliveries.values()].map(({ delivery }) => delivery)),
    allChunks: () => structuredClone([...chunks.values()]),
    lose() {
      for (const map of [notices, renderings, plans, chunks, deliveries]) map.clear();
    },

    async getNotice(pageId, updateId) {
      return structuredClone(notices.get(keyOf(pageId, updateId)) ?? null);
    },

    async settleTopic({ pageId, updateId }, topic) {
      const stored = notices.get(keyOf(pageId, updateId));
      if (stored !== undefined) notices.set(keyOf(pageId, updateId), { ...stored, topic });
    },

    async noteQueued({ pageId, updateId }, queued) {
      const stored = notices.get(keyOf(pageId, updateId));
      if (stored?.state !== "unplanned" || (stored.queued ?? 0) > queued) return LOST;
      notices.set(keyOf(pageId, updateId), { ...stored, queued });
      return SAVED;
    },

    async markPlanned({ pageId, updateId }, plan, now, topic) {
      const stored = notices.get(keyOf(pageId, updateId));
      if (stored?.state !== "unplanned") return LOST;
      const planned: Notice = {
        ...stored,
        state: "planned",
        plan: { ...plan },
        plannedAt: now,
        ...(topic && { topic }),
      };
      notices.set(keyOf(pageId, updateId), planned);
      return SAVED;
    },

    async markDone({ pageId, updateId }) {
      const stored = notices.get(keyOf(pageId, updateId));
      if (stored?.state === "planned") notices.set(keyOf(pageId, updateId), { ...stored, state: "done" });
    },

    async listOpenNotices(limit, cursor) {
      const open = [...notices.values()].filter(({ state }) => state !== "done");
      const placed = open.map((notice) => ({ place: [notice.committedAt, notice.updateId], value: notice }));
      return pageOf("open", placed, limit, cursor);
    },

    async keepRendering(key, rendering) {
      const stored = renderings.get(renderingKey(key));
      if (stored !== undefined) return structuredClone(stored);
      renderings.set(renderingKey(key), structuredClone(rendering));
      return structuredClone(rendering);
    },

    async getRendering(key) {
      return structuredClone(renderings.get(renderingKey(key)) ?? null);
    },

    async getChunkPlan(key) {
      return structuredClone(plans.get(planKey(key)) ?? null);
    },

    async fixChunks(key, seq, chunks, read) {
      const stored = plans.get(planKey(key));
      if (stored?.version !== read?.version) return LOST;
      const version = (stored?.version ?? 0) + 1;
      const fixed: Record<string, number> = { ...stored?.fixed };
      for (const old of stored === undefined ? [] : tooOldFor(stored)) delete fixed[old];
      plans.set(planKey(key), { version, fixed: { ...fixed, [seq]: chunks } });
      return SAVED;
    },

    async claimChunk(key, resend, now, leaseUntil) {
      const present = chunks.get(chunkKey(key)) ?? emptyChunk(key, now);
      if (present.state === "done") return { outcome: "lost", why: "done" };
      if (present.state === "claimed" && present.leaseUntil > now) return { outcome: "lost", why: "leased" };
      const chunk: Chunk = {
        ...present,
        state: "claimed",
        leaseUntil,
        attempt: present.attempt + 1,
        resend: Math.max(present.resend, resend),
        wakeAt: null,
      };
      chunks.set(chunkKey(key), chunk);
      return { outcome: "claimed", chunk: structuredClone(chunk) };
    },

    async getChunks(refs) {
      const keys = new Set(refs.map((ref) => chunkKey(ref)));
      return [...keys].flatMap((key) => structuredClone(chunks.get(key) ?? []));
    },

    async listChunks(pageId, updateId, channel) {
      return structuredClone(
        [...chunks.values()]
          .filter((chunk) => chunk.pageId === pageId && chunk.updateId === updateId)
          .filter((chunk) => channel === undefined || chunk.channel === channel)
          .sort((a, b) => (a.channel === b.channel ? a.chunk - b.chunk : a.channel < b.channel ? -1 : 1)),
      );
    },

    async getSums(pageId, updateId, channel) {
      return [...chunks.values()]
        .filter((chunk) => chunk.pageId === pageId && chunk.updateId === updateId && chunk.channel === channel)
        .filter(({ state, of }) => state === "done" && of >= 1_000)
        .map(({ counts, histogram, slowestMs, firstAcceptedAt, lastAcceptedAt }) =>
          structuredClone({ channel, chunksDone: 1, counts, histogram, slowestMs, firstAcceptedAt, lastAcceptedAt }),
        );
    },

    async openWindow(key, attempt, window, windowAgain) {
      return fenced(key, attempt, (chunk) => ({
        ...chunk,
        window: [...window],
        windowAgain: [...windowAgain],
      }));
    },

    async closeWindow(key, attempt, progress, cursor) {
      return fenced(key, attempt, (chunk) => ({
        ...withProgress(chunk, progress),
        window: [],
        windowAgain: [],
        cursor,
      }));
    },

    async finishChunk(key, attempt) {
      return fenced(key, attempt, (chunk) => ({ ...chunk, state: "done" }));
    },

    async yieldChunk(key, attempt, notBefore) {
      return fenced(key, attempt, (chunk) => ({
        ...chunk,
        state: "queued",
        wakeAt: notBefore,
        leaseUntil: 0,
      }));
    },

    async requeueChunk(key, now, queuedBefore) {
      const stored = chunks.get(chunkKey(key));
      if (stored !== undefined && !isForgotten(stored, now, queuedBefore)) return null;
      const present = stored ?? emptyChunk(key, now);
      const resend = present.resend + 1;
      const chunk: Chunk = { ...present, state: "queued", queuedAt: now, wakeAt: null, leaseUntil: 0, resend };
      chunks.set(chunkKey(key), chunk);
      return resend;
    },

    async recordDeliveries(records) {
      records.forEach(putDelivery);
    },

    async getDeliveries(pageId, subject, seq, subscriberIds) {
      return [...new Set(subscriberIds)].flatMap((subscriberId) =>
        structuredClone(deliveries.get(deliveryKey({ pageId, subscriberId, subject, seq }))?.delivery ?? []),
      );
    },

    async listSubscriberSubject(pageId, subscriberId, subject) {
      return structuredClone(
        [...deliveries.values()]
          .map(({ delivery }) => delivery)
          .filter(
            (delivery) =>
              delivery.pageId === pageId &&
              delivery.subscriberId === subscriberId &&
              delivery.subject.id === subject.id,
          )
          .sort((a, b) => a.seq - b.seq),
      );
    },

    async changeDelivery(from, to, latencyMs) {
      const stored = findDelivery(to)?.delivery;
      if (stored === undefined || stored.state !== from.state || stored.attempts !== from.attempts) return LOST;
      if (from.leaseUntil !== null && stored.leaseUntil !== from.leaseUntil) return LOST;
      const key = chunkKey(to);
      const present = chunks.get(key);
      // Closing the window counts what is still in it, as it is then. An attempt under way may always report.
      if (from.state !== "sending" && present?.window.includes(to.subscriberId)) return LOST;
      if (present !== undefined) chunks.set(key, withChange(present, from, to, latencyMs));
      putDelivery(to);
      return SAVED;
    },

    async listDue(now, limit) {
      const due = [...deliveries.values()].flatMap(({ delivery, dueAt }) =>
        dueAt !== null && dueAt < now
          ? [{ place: [dueAt, delivery.subscriberId, delivery.updateId], value: delivery }]
          : [],
      );
      return pageOf("due", due, limit, null).items;
    },

    async postponeDue(delivery, dueAt) {
      const stored = findDelivery(delivery);
      if (stored?.delivery.state !== delivery.state || stored.delivery.attempts !== delivery.attempts) return LOST;
      if (stored.dueAt === null) return LOST;
      stored.dueAt = dueAt;
      return SAVED;
    },

    async listProblems(pageId, updateId, limit, cursor, state) {
      if (cursor !== null && state !== undefined && placeIn("problems", cursor)[0] !== state)
        throw new InvalidCursorError("not a cursor of this state's problems");
      const problems = [...deliveries.values()]
        .map(({ delivery }) => delivery)
        .filter((delivery) => delivery.pageId === pageId && delivery.updateId === updateId)
        .filter((delivery) => (state === undefined ? PROBLEMS.has(delivery.state) : delivery.state === state))
        .map((delivery) => ({ place: [delivery.state, delivery.subscriberId], value: delivery }));
      return pageOf("problems", problems, limit, cursor);
    },

    async listSubscriberDeliveries(pageId, subscriberId, limit, cursor) {
      return pageOf("subscriber", newestFirst(pageId, subscriberId), limit, cursor);
    },

    async listEndpointDeliveries(pageId, subscriberId, limit, cursor) {
      const own = newestFirst(pageId, subscriberId).filter(({ value }) => value.channel === "webhook");
      return pageOf("endpoint", own, limit, cursor);
    },
  };
}

function chunkKey({
  pageId,
  updateId,
  channel,
  chunk,
}: Pick<Chunk, "pageId" | "updateId" | "channel" | "chunk">): string {
  return keyOf(pageId, updateId, channel, chunk);
}

function renderingKey({ pageId, updateId, format, locale }: RenderingKey): string {
  return keyOf(pageId, updateId, format, locale);
}

function planKey({ pageId, subject, channel }: ChunkPlanKey): string {
  return keyOf(pageId, subject.id, channel);
}

function deliveryKey({
  pageId,
  subscriberId,
  subject,
  seq,
}: Pick<Delivery, "pageId" | "subscriberId" | "subject" | "seq">): string {
  return keyOf(pageId, subscriberId, subject.id, seq);
}

const PROBLEMS: ReadonlySet<DeliveryState> = new Set<DeliveryState>(["failed", "suppressed", "ambiguous"]);

const MINUTE = 60_000;

/**
 * Sweep sees an open delivery when it is due. A webhook's that a queue can hold back belongs to the queue for two
 * minutes more.
 */
function dueAtOf({ state, channel, nextAttemptAt, leaseUntil, updatedAt }: Delivery): number | null {
  if (!isOpen(state)) return null;
  const at = nextAttemptAt ?? leaseUntil ?? updatedAt;
  return channel === "webhook" && state === "retrying" && at <= updatedAt + 15 * MINUTE ? at + 2 * MINUTE : at;
}

function emptyChunk(key: ChunkKey, now: number): Chunk {
  const { pageId, updateId, seq, channel, chunk, of } = key;
  return {
    pageId,
    updateId,
    seq,
    channel,
    chunk,
    of,
    state: "queued",
    leaseUntil: 0,
    attempt: 0,
    resend: 0,
    queuedAt: now,
    wakeAt: null,
    window: [],
    windowAgain: [],
    cursor: null,
    counts: { ...NO_COUNTS },
    retrying: [],
    histogram: {},
    slowestMs: 0,
    firstAcceptedAt: null,
    lastAcceptedAt: null,
  };
}

function isForgotten(chunk: Chunk, now: number, queuedBefore: number): boolean {
  switch (chunk.state) {
    case "done":
      return false;
    case "claimed":
      return chunk.leaseUntil <= now;
    case "queued":
      return chunk.wakeAt === null ? chunk.queuedAt <= queuedBefore : chunk.wakeAt <= now;
  }
}

function withProgress(chunk: Chunk, progress: ChunkProgress): Chunk {
  return {
    ...accepted(chunk, [progress.firstAcceptedAt, progress.lastAcceptedAt], progress.histogram, progress.slowestMs),
    counts: sumCounts([chunk.counts, progress.counts]),
    retrying: [...new Set([...chunk.retrying, ...progress.retrying])].sort(),
  };
}

function withChange(chunk: Chunk, from: FromDelivery, to: Delivery, latencyMs: number | null): Chunk {
  const counts: Counts = { ...chunk.counts };
  counts[countKey(from.state)] -= 1;
  counts[countKey(to.state)] += 1;
  counts.retried += Number(to.attempts > 1) - Number(from.attempts > 1);
  const retrying = new Set(chunk.retrying);
  if (!isOpen(to.state)) retrying.delete(to.subscriberId);
  else if (!isOpen(from.state)) retrying.add(to.subscriberId);
  const changed = { ...chunk, counts, retrying: [...retrying].sort() };
  // A delivery that an operator sent again says nothing about how fast the pipeline is.
  if (to.state !== "accepted" || from.state === "accepted" || to.resent !== undefined) return changed;
  return accepted(changed, [to.updatedAt], latencyMs === null ? {} : { [bucketOf(latencyMs)]: 1 }, latencyMs ?? 0);
}

function accepted(chunk: Chunk, at: readonly (number | null)[], histogram: Histogram, slowestMs: number): Chunk {
  const times = [chunk.firstAcceptedAt, chunk.lastAcceptedAt, ...at].filter((time) => time !== null);
  return {
    ...chunk,
    histogram: mergeHistograms([chunk.histogram, histogram]),
    slowestMs: Math.max(chunk.slowestMs, slowestMs),
    firstAcceptedAt: times.length === 0 ? null : Math.min(...times),
    lastAcceptedAt: times.length === 0 ? null : Math.max(...times),
  };
}
