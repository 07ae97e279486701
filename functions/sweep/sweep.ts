import type { Chunk, ChunkKey, ChunkRef } from "../core/chunk.ts";
import type { Clock } from "../core/clock.ts";
import { greatest } from "../core/extremes.ts";
import { LEASE_MS } from "../core/lease.ts";
import type { Notice } from "../core/notice.ts";
import { type ChunkWork, type PlanWork, retryWorkOf } from "../core/queued-work.ts";
import { DUE_GRACE_MS } from "../core/retry-schedule.ts";
import { CHANNELS, type Channel } from "../core/subscriber.ts";
import { inParallel } from "../lambda/in-parallel.ts";
import type { MailLimits } from "../providers/mail.ts";
import type { ChunkQueues, RetryQueues, WakeQueues } from "../providers/queues.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import { type Gates, readGates } from "./gates.ts";
import { isPurgeTime, type PurgeDeps, purge } from "./purge.ts";

export interface SweepDeps {
  status: StatusStore;
  ledger: Ledger;
  access: Pick<AccessStore, "saveRate" | "getRate"> & PurgeDeps["access"];
  subscribers: PurgeDeps["subscribers"];
  mail: MailLimits;
  queues: ChunkQueues & RetryQueues & WakeQueues;
  /** What publish-page makes the page's files with now. */
  pageBuild: string;
  clock: Clock;
}

/** What one sweep set going again. All zero in quiet times. */
interface SweepCounts {
  noticesWoken: number;
  noticesDone: number;
  chunksResent: number;
  retriesQueued: number;
  pagesWoken: number;
  purged: number;
}

export interface SweepResult {
  counts: SweepCounts;
  /** Duties that failed. The others were done all the same, and the next sweep tries again. */
  failures: { duty: string; updateId?: string; error: unknown }[];
}

/** The stream plans a notice within a second or two; after this time it has missed it. */
const UNPLANNED_AFTER_MS = 30_000;
/**
 * If no chunk of an update's channel has been claimed, sent or queued for this long (longer than a lease), its queue
 * counts as having lost what it held. The time doubles with every resend up to five minutes: a queue that is merely far
 * behind gets a few extra entries, which end as lost claims.
 */
const STALLED_AFTER_MS = 75_000;
const LONGEST_STALL_MS = 5 * 60_000;

const NOTICES_PER_PAGE = 100;
const RETRIES_PER_SWEEP = 5_000;
/** One after the other, a day's worth of chunks or retries would outlast the minute. */
const RETRIES_AT_ONCE = 25;
/** As many as SQS takes in one call. */
const CHUNKS_AT_ONCE = 10;
/**
 * Sweep begins nothing after this: the next one is due soon and finds the rest, whereas a function that is cut off
 * would be an error.
 */
const BEGINS_FOR_MS = 45_000;
/** So many chunks of one update are queued again before the updates behind it have had their turn. */
const CHUNKS_PER_TURN = 500;

/** Once a minute: finds in the tables what was committed and not finished, and sets it going again. */
export async function sweep(deps: SweepDeps): Promise<SweepResult> {
  const counts: SweepCounts = {
    noticesWoken: 0,
    noticesDone: 0,
    chunksResent: 0,
    retriesQueued: 0,
    pagesWoken: 0,
    purged: 0,
  };
  const failures: SweepResult["failures"] = [];
  const began = deps.clock();
  // The first duty that asks reads them, once: what is let through is counted over all duties.
  let read: Promise<Gates> | null = null;
  const gates = () => {
    read ??= readGates(deps, (error) => failures.push({ duty: "gates", error }));
    return read;
  };
  const run = async (duty: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      failures.push({ duty, error });
    }
  };
  const deadline = began + BEGINS_FOR_MS;
  // The gates follow from it. It is one call, and has an end: see SERVICE_TIMES.
  const rate = run("send rate", () => readSendRate(deps));
  // Side by side: one that is slow takes nothing from the others' minute.
  await Promise.all([
    rate,
    run("pages", () => sweepPages(deps, counts)),
    rate.then(() => run("retries", async () => sweepRetries(deps, counts, deadline, await gates()))),
    rate.then(() => run("notices", async () => sweepNotices(deps, counts, failures, deadline, await gates()))),
    run("purge", () => sweepSubscribers(deps, counts, began)),
  ]);
  return { counts, failures };
}

async function readSendRate({ mail, access, clock }: SweepDeps): Promise<void> {
  await access.saveRate("email", await mail.quota(), clock());
}

async function sweepNotices(
  deps: SweepDeps,
  counts: SweepCounts,
  failures: SweepResult["failures"],
  deadline: number,
  gates: Gates,
): Promise<void> {
  /** What was more than a turn's worth. */
  const left: { updateId: string; unheard: readonly ChunkKey[] }[] = [];
  const waiting = new Set<string>();
  const resendAll = async (updateId: string, chunks: readonly ChunkKey[]) => {
    try {
      for (let first = 0; first < chunks.length && deps.clock() <= deadline; first += CHUNKS_AT_ONCE) {
        await resend(chunks.slice(first, first + CHUNKS_AT_ONCE), deps, counts);
      }
    } catch (error) {
      // One that always fails must not keep those behind it from being swept, now and every minute.
      failures.push({ duty: "notices", updateId, error });
    }
  };
  let cursor: string | null = null;
  do {
    const page: { items: Notice[]; next: string | null } = await deps.ledger.listOpenNotices(NOTICES_PER_PAGE, cursor);
    // Oldest first and one after the other: an update must not be queued again behind a later one of its incident.
    for (const { pageId, updateId, subject } of page.items) {
      if (deps.clock() > deadline) return;
      const unheard = await sweepNotice({ pageId, updateId }, deps, counts, gates).catch((error: unknown) => {
        failures.push({ duty: "notices", updateId, error });
        return [];
      });
      const turn = waiting.has(subject.id) ? 0 : CHUNKS_PER_TURN;
      await resendAll(updateId, unheard.slice(0, turn));
      if (unheard.length <= turn) continue;
      waiting.add(subject.id);
      left.push({ updateId, unheard: unheard.slice(turn) });
    }
    cursor = page.next;
  } while (cursor !== null);
  for (const { updateId, unheard } of left) await resendAll(updateId, unheard);
}

/** Wakes its planner, or ends it; returns the chunks that are to be queued again. */
async function sweepNotice(work: PlanWork, deps: SweepDeps, counts: SweepCounts, gates: Gates): Promise<ChunkKey[]> {
  // The index lags behind the table.
  const notice = await deps.ledger.getNotice(work.pageId, work.updateId);
  if (notice === null || notice.state === "done") return [];
  const now = deps.clock();
  if (notice.state === "unplanned" || notice.plan === null) {
    if (notice.committedAt > now - UNPLANNED_AFTER_MS) return [];
    await deps.queues.wakePlanner(work);
    counts.noticesWoken += 1;
    return [];
  }
  const isTopicOpen = notice.topic?.state === "waiting";
  if (isTopicOpen) {
    await deps.queues.wakePlanner(work);
    counts.noticesWoken += 1;
  }
  const chunks = await deps.ledger.listChunks(notice.pageId, notice.updateId);
  let unfinished = 0;
  const unheard: ChunkKey[] = [];
  for (const channel of CHANNELS) {
    const known = new Map(chunks.filter((chunk) => chunk.channel === channel).map((chunk) => [chunk.chunk, chunk]));
    // A plan made again for a withdrawn incident has no chunks; those of the first plan are finished all the same.
    const of = Math.max(notice.plan[channel], greatest([...known.values()].map((chunk) => chunk.of)) ?? 0);
    const signs = {
      first: lastSign([...known.values()], notice, false),
      any: lastSign([...known.values()], notice, true),
    };
    let through = 0;
    for (let number = 0; number < of; number += 1) {
      const chunk = known.get(number);
      if (chunk?.state === "done") continue;
      unfinished += 1;
      if (through >= gates[channel].chunks || !needsResending(chunk, signs, now)) continue;
      through += 1;
      unheard.push({ ...chunkRef(notice, channel, number), of });
    }
  }
  if (unfinished === 0 && !isTopicOpen) {
    await deps.ledger.markDone(notice);
    counts.noticesDone += 1;
  }
  return unheard;
}

/**
 * The last sign of life of a channel's queue. For chunks never sent again, only their own kind counts: a resent chunk
 * that is sent says nothing about what was queued at first.
 */
function lastSign(chunks: readonly Chunk[], notice: Notice, resent: boolean): number {
  const signs = chunks
    .filter((chunk) => resent || chunk.resend === 0)
    .flatMap((chunk) => [chunk.leaseUntil - LEASE_MS, chunk.lastAcceptedAt ?? 0, chunk.queuedAt]);
  return Math.max(notice.plannedAt ?? notice.committedAt, greatest(signs) ?? 0);
}

function needsResending(chunk: Chunk | undefined, signs: { first: number; any: number }, now: number): boolean {
  const patience = Math.min(STALLED_AFTER_MS * 2 ** (chunk?.resend ?? 0), LONGEST_STALL_MS);
  if (chunk === undefined) return signs.first <= now - patience;
  switch (chunk.state) {
    case "claimed":
      return chunk.leaseUntil <= now;
    case "queued":
      if (chunk.wakeAt !== null) return chunk.wakeAt <= now;
      // A resend that never reached its queue must not wait until all others have finished.
      return signs.any <= now - patience || chunk.queuedAt <= now - STALLED_AFTER_MS * 2 ** (chunk.resend + 2);
    case "done":
      return false;
  }
}

/** Queues these chunks again, each under its next resend number; leaves alone those that gave a sign meanwhile. */
async function resend(chunks: readonly ChunkKey[], deps: SweepDeps, counts: SweepCounts): Promise<void> {
  const now = deps.clock();
  const requeued = await Promise.allSettled(
    chunks.map(async (chunk): Promise<ChunkWork[]> => {
      const number = await deps.ledger.requeueChunk(chunk, now, now - STALLED_AFTER_MS);
      return number === null ? [] : [{ ...chunk, kind: "chunk", resend: number }];
    }),
  );
  // A chunk that was marked as queued is sent, whatever became of the others.
  const works = requeued.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  await deps.queues.sendChunks(works);
  counts.chunksResent += works.length;
  for (const one of requeued) if (one.status === "rejected") throw one.reason;
}

function chunkRef(notice: Notice, channel: Channel, chunk: number): ChunkRef {
  const { pageId, subject, updateId, seq } = notice;
  return { pageId, subject, updateId, seq, channel, chunk };
}

async function sweepRetries(deps: SweepDeps, counts: SweepCounts, deadline: number, gates: Gates): Promise<void> {
  const now = deps.clock();
  const due = await deps.ledger.listDue(now, RETRIES_PER_SWEEP);
  const through: Record<Channel, number> = { email: 0, sms: 0, webhook: 0 };
  await inParallel(due, RETRIES_AT_ONCE, async (delivery) => {
    if (deps.clock() > deadline) return;
    const gate = gates[delivery.channel];
    through[delivery.channel] += 1;
    if (through[delivery.channel] > gate.retries) {
      // Moved out of sight, so that it takes no other retry's place in this list.
      await deps.ledger.postponeDue(delivery, gate.opensAt);
      return;
    }
    // Moved out of sight first: if the queue loses it, the index shows it again after the grace.
    const postponed = await deps.ledger.postponeDue(delivery, now + DUE_GRACE_MS);
    if (postponed.outcome === "lost") return;
    await deps.queues.sendRetry(retryWorkOf(delivery, now), 0);
    counts.retriesQueued += 1;
  });
}

async function sweepSubscribers(deps: SweepDeps, counts: SweepCounts, began: number): Promise<void> {
  if (isPurgeTime(began)) counts.purged = await purge(deps, began + BEGINS_FOR_MS);
}

async function sweepPages(deps: SweepDeps, counts: SweepCounts): Promise<void> {
  for (const page of await deps.status.listPages()) {
    const publication = await deps.status.getPublication(page.id);
    const isCurrent = publication.version >= page.version && publication.build === deps.pageBuild;
    if (isCurrent || publication.leaseUntil > deps.clock()) continue;
    await deps.queues.wakePublisher({ pageId: page.id });
    counts.pagesWoken += 1;
  }
}
