import { audienceAsOf, isToBeSent, type Telling } from "../core/audience.ts";
import { type Chunk, chunkRange, WINDOW } from "../core/chunk.ts";
import { greatest } from "../core/extremes.ts";
import { LEASE_MS } from "../core/lease.ts";
import { hasStarted } from "../core/order.ts";
import type { ChunkWork } from "../core/queued-work.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { ListPage } from "../store/status/status-store.ts";
import { cursorAfter } from "../store/subscribers/subscriber-store.ts";
import { LAST_WINDOW_MS, type SendDeps } from "./channel-sender.ts";
import type { ChunkRun } from "./chunk-run.ts";
import { patiently } from "./patiently.ts";
import { readSubject } from "./read-subject.ts";
import { sendWindow } from "./send-window.ts";

export type ChunkOutcome =
  | { outcome: "finished" }
  /** Another invocation has it, or it was done: acknowledge the work all the same. */
  | { outcome: "lost" }
  /** The chunk is given back with its progress; sweep sends it again once `until` has passed. */
  | { outcome: "yielded"; until: number };

const SUBSCRIBERS_PER_PAGE = 100;
/** How soon a chunk runs again that found an earlier one in doubt. */
const BLOCKED_RECHECK_MS = 5_000;

/**
 * Sends one chunk of an update: claims it, orders it among the subject's others, then goes through its range of
 * subscribers window by window. A recipient's failure becomes the state of their delivery. Only failures of our own
 * tables throw; then the lease runs out and sweep sends the chunk again.
 */
export async function runChunk(work: ChunkWork, deps: SendDeps): Promise<ChunkOutcome> {
  const { pageId, channel } = work;
  const claimedAt = deps.clock();
  // What all recipients share never changes, so reading it need not wait for the claim. What decides must be read after
  // it.
  const [claimed, sender] = await Promise.all([
    deps.ledger.claimChunk(work, work.resend, claimedAt, claimedAt + LEASE_MS),
    deps.sender.prepare(work),
  ]);
  if (claimed.outcome === "lost") return { outcome: "lost" };
  const claim = claimed.chunk;

  const range = chunkRange(work.chunk, work.of);
  const readPage = (after: string | null) =>
    deps.subscribers.listRange(pageId, channel, range, after, SUBSCRIBERS_PER_PAGE);
  const [{ told, others, withdrawn }, firstPage, windowSize] = await Promise.all([
    readSubject(work, deps),
    readPage(claim.cursor),
    deps.pace.windowSize(WINDOW[channel]),
  ]);
  const chunks = await readChunks(work, others, deps);

  const blockedUntil = blockedByEarlier(chunks, told, deps.clock());
  if (blockedUntil !== null) return giveBack(work, claim, blockedUntil, deps);

  const run: ChunkRun = {
    work,
    claim,
    told,
    withdrawn,
    later: others
      .filter((other) => other.seq > told.seq)
      .map((other) => ({
        update: other,
        started: chunks.some((chunk) => chunk.seq === other.seq && hasStarted(chunk)),
      })),
    openEarlier: new Set(chunks.filter((chunk) => chunk.seq < told.seq).flatMap((chunk) => chunk.retrying)),
    sender,
    deadline: claimedAt + LAST_WINDOW_MS,
    windowSize,
  };
  return sendRange(run, firstPage, readPage, deps);
}

async function readChunks(work: ChunkWork, others: readonly Telling[], deps: SendDeps): Promise<Chunk[]> {
  if (others.length === 0) return [];
  const chunks = await deps.ledger.getChunks(
    others.map((other) => ({
      pageId: work.pageId,
      updateId: other.id,
      channel: work.channel,
      chunk: work.chunk,
    })),
  );
  // A chunk of another number of chunks covers another range. Such an update was over before the number was raised.
  return chunks.filter(({ of }) => of === work.of);
}

/**
 * An earlier update's chunk goes first if it is being sent, or died with recipients in doubt: the recipients in its
 * window may be receiving it right now. FIFO order makes this rare; a lost queue or a frozen invocation makes it
 * happen.
 */
function blockedByEarlier(chunks: readonly Chunk[], { seq }: Telling, now: number): number | null {
  const blocking = chunks.filter(
    (chunk) => chunk.seq < seq && (chunk.window.length > 0 || (chunk.state === "claimed" && chunk.leaseUntil > now)),
  );
  if (blocking.length === 0) return null;
  return Math.max(now + BLOCKED_RECHECK_MS, greatest(blocking.map((chunk) => chunk.leaseUntil)) ?? 0);
}

async function giveBack(work: ChunkWork, claim: Chunk, until: number, deps: SendDeps): Promise<ChunkOutcome> {
  const giving = () => deps.ledger.yieldChunk(work, claim.attempt, until);
  const given = await patiently(giving, claim.leaseUntil, deps);
  return given.outcome === "lost" ? { outcome: "lost" } : { outcome: "yielded", until };
}

type SubscriberPage = ListPage<Subscriber>;

async function sendRange(
  run: ChunkRun,
  firstPage: SubscriberPage,
  readPage: (after: string | null) => Promise<SubscriberPage>,
  deps: SendDeps,
): Promise<ChunkOutcome> {
  const { work, claim, told, windowSize } = run;
  const asOf = audienceAsOf(told.createdAt);

  if (claim.window.length > 0) {
    const sent = await sendWindow(run, claim.window, claim.cursor, deps);
    if (sent.outcome === "later") return giveBack(work, claim, sent.until, deps);
    if (sent.outcome === "lost") return { outcome: "lost" };
  }

  for (let page = firstPage; ; page = await readPage(page.next)) {
    const audience = page.items.filter((subscriber) => isToBeSent(told, subscriber, asOf)).map(({ id }) => id);
    const unrecorded = await withoutRecorded(run, audience, deps);
    for (let first = 0; first < unrecorded.length; first += windowSize) {
      const window = unrecorded.slice(first, first + windowSize);
      if (deps.clock() > run.deadline) return giveBack(work, claim, deps.clock(), deps);
      const last = window.at(-1);
      const cursor = last === undefined ? null : cursorAfter(last);
      const sent = await sendWindow(run, window, cursor, deps);
      if (sent.outcome === "later") return giveBack(work, claim, sent.until, deps);
      if (sent.outcome === "lost") return { outcome: "lost" };
    }
    if (page.next === null) break;
  }
  const finishing = () => deps.ledger.finishChunk(work, claim.attempt);
  const finished = await patiently(finishing, claim.leaseUntil, deps);
  return finished.outcome === "lost" ? { outcome: "lost" } : { outcome: "finished" };
}

/** Only an earlier attempt can have left records, so the first one need not ask. */
async function withoutRecorded(run: ChunkRun, audience: readonly string[], deps: SendDeps): Promise<string[]> {
  if (run.claim.attempt === 1 || audience.length === 0) return [...audience];
  const recorded = await deps.ledger.getDeliveries(run.work.pageId, run.work.subject, run.work.seq, audience);
  const done = new Set(recorded.map(({ subscriberId }) => subscriberId));
  return audience.filter((id) => !done.has(id));
}
