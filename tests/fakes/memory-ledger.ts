import { type Chunk, type ChunkKey, type ChunkPlan, tooOldFor } from "../../functions/core/chunk.ts";
import { type Counts, type Delivery, NO_COUNTS } from "../../functions/core/delivery.ts";
import { mergeHistograms } from "../../functions/core/latency.ts";
import type { Notice } from "../../functions/core/notice.ts";
import type { Rendering } from "../../functions/core/rendering.ts";
import { cursorParts } from "../../functions/store/cursor.ts";
import { type ChunkDelta, deltaOf, mustBeCounted } from "../../functions/store/deliveries/delivery-change.ts";
import type { FencedOutcome, Ledger } from "../../functions/store/deliveries/ledger.ts";
import {
  chunkItemKey,
  deliveryKey,
  dueAtOf,
  dueSortKey,
  isProblem,
  newestDeliveries,
  OPEN_CURSOR,
  planKey,
  problemsAfter,
  problemsSortKey,
  renderingKey,
  SUBSCRIBER_CURSOR,
} from "../../functions/store/deliveries/ledger-items.ts";
import { noticeKey, noticeOpenKeys } from "../../functions/store/deliveries/notice-item.ts";
import type { ListPage } from "../../functions/store/status/status-store.ts";
import type { Key } from "../../functions/store/table.ts";

export interface MemoryLedger extends Ledger {
  /** What the status store's transaction does. */
  putNotice(notice: Notice): void;
  allNotices(): Notice[];
  allDeliveries(): Delivery[];
  allChunks(): Chunk[];
  /** Everything is gone, as if the table had been restored from nothing. */
  lose(): void;
}

interface StoredDelivery {
  delivery: Delivery;
  /** Its time in the index *due*; null when it is not there. */
  dueAt: number | null;
}

const SAVED: FencedOutcome = { outcome: "saved" };
const LOST: FencedOutcome = { outcome: "lost" };

/** The ledger in memory. Each call is atomic: nothing is awaited inside. */
export function memoryLedger(): MemoryLedger {
  const notices = new Map<string, Notice>();
  const renderings = new Map<string, Rendering>();
  const plans = new Map<string, ChunkPlan>();
  const chunks = new Map<string, Chunk>();
  const deliveries = new Map<string, StoredDelivery>();

  function fenced(key: ChunkKey, attempt: number, change: (chunk: Chunk) => Chunk): FencedOutcome {
    const stored = chunks.get(text(chunkItemKey(key)));
    if (stored?.state !== "claimed" || stored.attempt !== attempt) return LOST;
    chunks.set(text(chunkItemKey(key)), structuredClone(change(stored)));
    return SAVED;
  }

  function putDelivery(delivery: Delivery): void {
    const stored = { delivery: structuredClone(delivery), dueAt: dueAtOf(delivery) };
    deliveries.set(text(deliveryKey(delivery)), stored);
  }

  function findDelivery(delivery: Delivery): StoredDelivery | undefined {
    return deliveries.get(text(deliveryKey(delivery)));
  }

  return {
    putNotice: (notice) => void notices.set(text(noticeKey(notice.pageId, notice.updateId)), structuredClone(notice)),
    allNotices: () => structuredClone([...notices.values()]),
    allDeliveries: () => structuredClone([...deliveries.values()].map(({ delivery }) => delivery)),
    allChunks: () => structuredClone([...chunks.values()]),
    lose() {
      for (const map of [notices, renderings, plans, chunks, deliveries]) map.clear();
    },

    async getNotice(pageId, updateId) {
      return structuredClone(notices.get(text(noticeKey(pageId, updateId))) ?? null);
    },

    async settleTopic({ pageId, updateId }, topic) {
      const stored = notices.get(text(noticeKey(pageId, updateId)));
      if (stored !== undefined) notices.set(text(noticeKey(pageId, updateId)), { ...stored, topic });
    },

    async markPlanned({ pageId, updateId }, plan, now, topic) {
      const stored = notices.get(text(noticeKey(pageId, updateId)));
      if (stored?.state !== "unplanned") return LOST;
      const planned: Notice = {
        ...stored,
        state: "planned",
        plan: { ...plan },
        plannedAt: now,
        ...(topic && { topic }),
      };
      notices.set(text(noticeKey(pageId, updateId)), planned);
      return SAVED;
    },

    async markDone({ pageId, updateId }) {
      const stored = notices.get(text(noticeKey(pageId, updateId)));
      if (stored?.state === "planned") notices.set(text(noticeKey(pageId, updateId)), { ...stored, state: "done" });
    },

    async listOpenNotices(limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, OPEN_CURSOR);
      const open = [...notices.values()].flatMap((notice) => {
        const { openSk } = noticeOpenKeys(notice);
        return openSk === undefined ? [] : [{ sk: openSk, value: notice }];
      });
      return pageOf(open, limit, after);
    },

    async keepRendering(key, rendering) {
      const stored = renderings.get(text(renderingKey(key)));
      if (stored !== undefined) return structuredClone(stored);
      renderings.set(text(renderingKey(key)), structuredClone(rendering));
      return structuredClone(rendering);
    },

    async getRendering(key) {
      return structuredClone(renderings.get(text(renderingKey(key))) ?? null);
    },

    async getChunkPlan(key) {
      return structuredClone(plans.get(text(planKey(key))) ?? null);
    },

    async fixChunks(key, seq, chunks, read) {
      const stored = plans.get(text(planKey(key)));
      if (stored?.version !== read?.version) return LOST;
      const version = (stored?.version ?? 0) + 1;
      const fixed: Record<string, number> = { ...stored?.fixed };
      for (const old of stored === undefined ? [] : tooOldFor(stored)) delete fixed[old];
      plans.set(text(planKey(key)), { version, fixed: { ...fixed, [seq]: chunks } });
      return SAVED;
    },

    async claimChunk(key, resend, now, leaseUntil) {
      const present = chunks.get(text(chunkItemKey(key))) ?? emptyChunk(key, now);
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
      chunks.set(text(chunkItemKey(key)), chunk);
      return { outcome: "claimed", chunk: structuredClone(chunk) };
    },

    async getChunks(refs) {
      const keys = new Set(refs.map((ref) => text(chunkItemKey(ref))));
      return [...keys].flatMap((key) => structuredClone(chunks.get(key) ?? []));
    },

    async listChunks(pageId, updateId) {
      return structuredClone(
        [...chunks.values()]
          .filter((chunk) => chunk.pageId === pageId && chunk.updateId === updateId)
          .sort((a, b) => (chunkItemKey(a).sk < chunkItemKey(b).sk ? -1 : 1)),
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
      const { firstAcceptedAt, lastAcceptedAt } = progress;
      return fenced(key, attempt, (chunk) => ({
        ...moved(chunk, {
          counts: progress.counts,
          histogram: progress.histogram,
          slowestMs: progress.slowestMs,
          acceptedTimes: [firstAcceptedAt, lastAcceptedAt].filter((at) => at !== null),
          nowRetrying: progress.retrying,
          noLongerRetrying: [],
        }),
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
      const stored = chunks.get(text(chunkItemKey(key)));
      if (stored !== undefined && !isForgotten(stored, now, queuedBefore)) return null;
      const present = stored ?? emptyChunk(key, now);
      const resend = present.resend + 1;
      const chunk: Chunk = { ...present, state: "queued", queuedAt: now, wakeAt: null, leaseUntil: 0, resend };
      chunks.set(text(chunkItemKey(key)), chunk);
      return resend;
    },

    async recordDeliveries(records) {
      records.forEach(putDelivery);
    },

    async getDeliveries(pageId, subject, seq, subscriberIds) {
      return [...new Set(subscriberIds)].flatMap((subscriberId) =>
        structuredClone(deliveries.get(text(deliveryKey({ pageId, subscriberId, subject, seq })))?.delivery ?? []),
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
      const key = text(chunkItemKey(to));
      const present = chunks.get(key);
      if (mustBeCounted(from) && present?.window.includes(to.subscriberId)) return LOST;
      if (present !== undefined) {
        chunks.set(key, moved(present, deltaOf(from, to, latencyMs)));
      }
      putDelivery(to);
      return SAVED;
    },

    async listDue(now, limit) {
      const due = [...deliveries.values()].flatMap(({ delivery, dueAt }) =>
        dueAt !== null && dueAt < now ? [{ sk: dueSortKey(delivery, dueAt), value: delivery }] : [],
      );
      return pageOf(due, limit, undefined).items;
    },

    async postponeDue(delivery, dueAt) {
      const stored = findDelivery(delivery);
      if (stored?.delivery.state !== delivery.state || stored.delivery.attempts !== delivery.attempts) return LOST;
      if (stored.dueAt === null) return LOST;
      stored.dueAt = dueAt;
      return SAVED;
    },

    async listProblems(pageId, updateId, limit, cursor, state) {
      const after = problemsAfter(cursor, state);
      const problems = [...deliveries.values()]
        .map(({ delivery }) => delivery)
        .filter((delivery) => delivery.pageId === pageId && delivery.updateId === updateId && isProblem(delivery))
        .filter((delivery) => state === undefined || delivery.state === state)
        .map((delivery) => ({ sk: problemsSortKey(delivery), value: delivery }));
      return pageOf(problems, limit, after);
    },

    async listSubscriberDeliveries(pageId, subscriberId, limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, SUBSCRIBER_CURSOR);
      const own = [...deliveries.values()]
        .map(({ delivery }) => delivery)
        .filter((delivery) => delivery.pageId === pageId && delivery.subscriberId === subscriberId);
      return structuredClone(newestDeliveries(own, limit, after));
    },

    async listEndpointDeliveries(pageId, subscriberId, limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, SUBSCRIBER_CURSOR);
      const own = [...deliveries.values()]
        .map(({ delivery }) => delivery)
        .filter((one) => one.pageId === pageId && one.subscriberId === subscriberId && one.channel === "webhook");
      return structuredClone(newestDeliveries(own, limit, after));
    },
  };
}

function text({ pk, sk }: Key): string {
  return `${pk}|${sk}`;
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

function moved(chunk: Chunk, delta: ChunkDelta): Chunk {
  const times = [chunk.firstAcceptedAt, chunk.lastAcceptedAt, ...delta.acceptedTimes].filter((at) => at !== null);
  const counts: Counts = { ...chunk.counts };
  for (const [key, present] of Object.entries(counts))
    Object.assign(counts, { [key]: present + (delta.counts[key] ?? 0) });
  return {
    ...chunk,
    counts,
    histogram: mergeHistograms([chunk.histogram, delta.histogram]),
    slowestMs: Math.max(chunk.slowestMs, delta.slowestMs ?? 0),
    firstAcceptedAt: times.length === 0 ? null : Math.min(...times),
    lastAcceptedAt: times.length === 0 ? null : Math.max(...times),
    retrying: [...new Set([...chunk.retrying, ...delta.nowRetrying])]
      .filter((id) => !delta.noLongerRetrying.includes(id))
      .sort(),
  };
}

/** A page of a list in the order of its sort keys; the last one's is the cursor. */
function pageOf<T>(all: readonly { sk: string; value: T }[], limit: number, after: string | undefined): ListPage<T> {
  const rest = all.filter(({ sk }) => after === undefined || sk > after).sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const taken = rest.slice(0, limit);
  return {
    items: structuredClone(taken.map(({ value }) => value)),
    next: rest.length > limit ? (taken.at(-1)?.sk ?? null) : null,
  };
}
