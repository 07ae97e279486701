import { type ChunkPlan, chunksFor, chunksInForce, isOutgrown, isOver } from "../core/chunk.ts";
import type { Clock } from "../core/clock.ts";
import type { Catalog } from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { ChannelPlan, Notice } from "../core/notice.ts";
import type { Page } from "../core/page.ts";
import type { ChunkWork, PlanWork } from "../core/queued-work.ts";
import type { Rendering } from "../core/rendering.ts";
import { CHANNELS, type Channel } from "../core/subscriber.ts";
import type { ChunkQueues } from "../providers/queues.ts";
import type { Topic } from "../providers/topic.ts";
import type { AccessStore } from "../store/access.ts";
import type { ChunkPlanKey, Ledger } from "../store/deliveries.ts";
import type { StatusStore } from "../store/status.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

/** All that the texts of an update are made from. */
export interface RenderSource {
  page: Page;
  catalog: Catalog;
  incident: Incident;
  /** Oldest first, up to and including `update`. */
  updates: readonly Update[];
  update: Update;
  now: number;
}

export interface RenderedUpdate {
  email: Rendering;
  sms: Rendering;
  webhook: Rendering;
  /** The webhook body as the topic publishes it: no recipient, so no unsubscribe link. */
  topic: string;
}

export interface PlanDeps {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Ledger;
  access: Pick<AccessStore, "getRate">;
  queues: ChunkQueues;
  topic: Topic;
  render: (source: RenderSource) => Promise<RenderedUpdate>;
  clock: Clock;
}

export type PlanOutcome =
  | { outcome: "planned"; plan: ChannelPlan }
  /** No notice: the update is silent, or its notice was planned already. */
  | { outcome: "nothing to plan" }
  /** The incident was deleted before anything was queued. */
  | { outcome: "withdrawn" };

const LOCALE = "en";

/**
 * Plans one notice: renders its texts once, fixes the chunks, queues every chunk, publishes to the topic, marks it
 * planned. Every step may run again (a stream record comes at least once, and sweep repeats what was not finished):
 * texts and chunk numbers are kept from the first run, chunks repeat their deduplication ids.
 */
export async function planNotice({ pageId, updateId }: PlanWork, deps: PlanDeps): Promise<PlanOutcome> {
  const notice = await deps.ledger.getNotice(pageId, updateId);
  if (notice === null || notice.state !== "unplanned") return { outcome: "nothing to plan" };
  const [source, plan] = await Promise.all([readSource(notice, deps), planChunks(notice, deps)]);
  if (source.incident.withdrawnAt !== null) {
    await deps.ledger.markPlanned(notice, { email: 0, sms: 0, webhook: 0 }, deps.clock());
    return { outcome: "withdrawn" };
  }

  const rendered = await keepTexts(notice, source, deps);
  await Promise.all([
    deps.queues.sendChunks(CHANNELS.flatMap((channel) => chunkWorks(notice, channel, plan[channel]))),
    deps.topic.publish(rendered.topic, {
      page: pageId,
      incident: notice.incidentId,
      status: source.update.status,
      impact: source.incident.impact,
      componentIds: source.update.componentIdsSoFar,
    }),
  ]);
  await deps.ledger.markPlanned(notice, plan, deps.clock());
  return { outcome: "planned", plan };
}

async function readSource(notice: Notice, deps: PlanDeps): Promise<RenderSource> {
  const { pageId, incidentId, updateId, seq } = notice;
  const [page, catalog, incident, all] = await Promise.all([
    deps.status.getPage(pageId),
    deps.status.getCatalog(pageId),
    deps.status.getIncident(pageId, incidentId),
    deps.status.listUpdates(pageId, incidentId),
  ]);
  const updates = all.filter((update) => update.seq <= seq);
  const update = updates.find(({ id }) => id === updateId);
  if (page === null || incident === null || update === undefined) {
    throw new Error(`notice ${updateId} names an update of incident ${incidentId} that is not in the status table`);
  }
  return { page, catalog, incident, updates, update, now: deps.clock() };
}

async function keepTexts(notice: Notice, source: RenderSource, deps: PlanDeps): Promise<RenderedUpdate> {
  const rendered = await deps.render(source);
  const formats = ["email", "sms", "webhook"] as const;
  await Promise.all(
    formats.map((format) =>
      deps.ledger.keepRendering(
        { pageId: notice.pageId, updateId: notice.updateId, format, locale: LOCALE },
        rendered[format],
        deps.clock(),
      ),
    ),
  );
  return rendered;
}

async function planChunks(notice: Notice, deps: PlanDeps): Promise<ChannelPlan> {
  const [email, sms, webhook] = await Promise.all([
    planChannel(notice, "email", deps),
    planChannel(notice, "sms", deps),
    planChannel(notice, "webhook", deps),
  ]);
  return { email, sms, webhook };
}

/** Each time that planners of one incident meet at its plan, one of them gets on. */
const FIX_TRIES = 50;

/**
 * The update's number of chunks. A number once given is kept, whatever became of the run that gave it: chunks may have
 * been queued under it. Throws when the plan was never the one just read.
 */
async function planChannel(notice: Notice, channel: Channel, deps: PlanDeps): Promise<number> {
  const { pageId, incidentId, seq } = notice;
  const key = { pageId, incidentId, channel };
  const [subscribers, rate] = await Promise.all([
    deps.subscribers.estimate(pageId, channel),
    channel === "webhook" ? null : deps.access.getRate(channel),
  ]);
  const wanted = chunksFor(channel, subscribers, rate?.perSecond ?? null);
  for (let tries = 1; tries <= FIX_TRIES; tries += 1) {
    const plan = await deps.ledger.getChunkPlan(key);
    const given = plan?.fixed[seq];
    if (given !== undefined) return given;
    const chunks = plan === null ? wanted : await chunksUnder(plan, wanted, key, deps);
    const fixed = await deps.ledger.fixChunks(key, seq, chunks, plan, deps.clock());
    if (fixed.outcome === "saved") return chunks;
  }
  throw new Error(`the plan of incident ${incidentId} on ${channel} changed ${FIX_TRIES} times under its planner`);
}

/**
 * Updates of an incident share one number of chunks, because a chunk keeps its order by looking at the chunk of the same
 * number of the others. There may be more of them once nothing that was cut otherwise can be sent any more.
 */
async function chunksUnder(plan: ChunkPlan, wanted: number, key: ChunkPlanKey, deps: PlanDeps): Promise<number> {
  const present = chunksInForce(plan);
  if (!isOutgrown(present, wanted)) return present;
  return (await areAllOver(plan, key, deps)) ? wanted : present;
}

async function areAllOver(plan: ChunkPlan, key: ChunkPlanKey, deps: PlanDeps): Promise<boolean> {
  const updates = await deps.status.listUpdates(key.pageId, key.incidentId);
  const planned = Object.entries(plan.fixed).map(([seq, of]) => ({ seq: Number(seq), of }));
  // The newest is the likeliest to be at work still.
  for (const { seq, of } of planned.sort((a, b) => b.seq - a.seq)) {
    const update = updates.find((other) => other.seq === seq);
    if (update === undefined) return false;
    const chunks = await deps.ledger.listChunks(key.pageId, update.id);
    const over = chunks.filter((chunk) => chunk.channel === key.channel && isOver(chunk));
    if (over.length < of) return false;
  }
  return true;
}

function chunkWorks(notice: Notice, channel: Channel, of: number): ChunkWork[] {
  const { pageId, incidentId, updateId, seq } = notice;
  return Array.from({ length: of }, (_, chunk) => ({
    kind: "chunk",
    pageId,
    incidentId,
    updateId,
    seq,
    channel,
    chunk,
    of,
    resend: 0,
  }));
}
