import { type ChunkPlan, chunksFor, chunksInForce, isOutgrown, isOver, isSummed } from "../core/chunk.ts";
import { toldChanges } from "../core/component-change.ts";
import type { ChannelPlan, Notice } from "../core/notice.ts";
import { LONGEST_OPEN_MS } from "../core/retry-schedule.ts";
import type { Channel } from "../core/subscriber.ts";
import type { ChunkPlanKey } from "../store/deliveries/ledger.ts";
import type { PlanDeps } from "./plan-deps.ts";

type ChunkDeps = Pick<PlanDeps, "status" | "subscribers" | "ledger" | "access" | "clock">;

/** How many chunks each channel has. A component change is for webhooks alone. */
export async function planChunks(notice: Notice, deps: ChunkDeps): Promise<ChannelPlan> {
  if (notice.kind === "component change") {
    return { email: 0, sms: 0, webhook: await planChannel(notice, "webhook", deps) };
  }
  const [email, sms, webhook] = await Promise.all([
    planChannel(notice, "email", deps),
    planChannel(notice, "sms", deps),
    planChannel(notice, "webhook", deps),
  ]);
  return { email, sms, webhook };
}

/** Each time that planners of one incident collide at its plan, one of them succeeds. */
const FIX_TRIES = 50;

/**
 * The update's number of chunks. A number once given stays, whatever became of the run that gave it: chunks may have
 * been queued under it. Throws when each try found the plan changed since it was read.
 */
async function planChannel(notice: Notice, channel: Channel, deps: ChunkDeps): Promise<number> {
  const { pageId, subject, seq } = notice;
  const key: ChunkPlanKey = { pageId, subject, channel };
  const [subscribers, rate] = await Promise.all([
    deps.subscribers.estimate(pageId, channel),
    channel === "webhook" ? null : deps.access.getRate(channel),
  ]);
  const wanted = chunksFor(channel, subscribers, rate?.perSecond ?? null);
  for (let tries = 1; tries <= FIX_TRIES; tries += 1) {
    const plan = await deps.ledger.getChunkPlan(key);
    const given = plan?.fixed[seq];
    if (given !== undefined) return given;
    const chunks = plan === null ? wanted : await chunksUnder(plan, wanted, notice, channel, deps);
    const fixed = await deps.ledger.fixChunks(key, seq, chunks, plan, deps.clock());
    if (fixed.outcome === "saved") return chunks;
  }
  throw new Error(
    `the plan of ${subject.kind} ${subject.id} on ${channel} changed ${FIX_TRIES} times under its planner`,
  );
}

/**
 * Updates of an incident share one number of chunks, because a chunk keeps its order by looking at the other updates'
 * chunk of the same number. The number may grow once nothing cut into another number can still be sent.
 */
async function chunksUnder(
  plan: ChunkPlan,
  wanted: number,
  notice: Notice,
  channel: Channel,
  deps: ChunkDeps,
): Promise<number> {
  const present = chunksInForce(plan);
  if (!isOutgrown(present, wanted)) return present;
  return (await areAllOver(plan, notice, channel, deps)) ? wanted : present;
}

async function areAllOver(plan: ChunkPlan, notice: Notice, channel: Channel, deps: ChunkDeps): Promise<boolean> {
  const named = await readNamed(notice, deps);
  const planned = Object.entries(plan.fixed).map(([seq, of]) => ({ seq: Number(seq), of }));
  // The newest is the most likely to be still at work.
  for (const { seq, of } of planned.sort((a, b) => b.seq - a.seq)) {
    const one = named.find((other) => other.seq === seq);
    // A change this old has been over for days; an update is always in the table.
    if (one === undefined && notice.kind === "component change") continue;
    if (one === undefined) return false;
    if ((await countOver(notice.pageId, one.id, channel, of, deps)) < of) return false;
  }
  return true;
}

async function countOver(pageId: string, updateId: string, channel: Channel, of: number, { ledger }: ChunkDeps) {
  if (!isSummed(of)) return (await ledger.listChunks(pageId, updateId, channel)).filter(isOver).length;
  const sums = await ledger.getSums(pageId, updateId, channel);
  const isAnyOpen = sums.some(({ counts }) => counts.open > 0);
  return isAnyOpen ? 0 : sums.reduce((sum, { chunksDone }) => sum + chunksDone, 0);
}

/** The incident's updates, or those changes of the component that may still have something open. */
async function readNamed(notice: Notice, deps: ChunkDeps): Promise<{ id: string; seq: number }[]> {
  const { pageId, subject } = notice;
  switch (notice.kind) {
    case "update":
      return deps.status.listUpdates(pageId, subject.id);
    case "component change":
      return toldChanges(await deps.status.listChanges(pageId, deps.clock() - LONGEST_OPEN_MS), subject.id);
  }
}
