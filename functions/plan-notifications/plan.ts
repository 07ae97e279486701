import type { RenderSource } from "../compose/sources.ts";
import type { ChannelPlan, Notice, TopicState, UpdateNotice } from "../core/notice.ts";
import type { ChunkWork, PlanWork } from "../core/queued-work.ts";
import { CHANNELS, type Channel } from "../core/subscriber.ts";
import { keepTexts } from "./keep-texts.ts";
import { tellChange } from "./plan-change.ts";
import { planChunks } from "./plan-chunks.ts";
import type { PlanDeps, Publication } from "./plan-deps.ts";

export type PlanOutcome =
  | { outcome: "planned"; plan: ChannelPlan; topic: TopicState }
  /** It was planned before; what the topic had not taken was published to it again. */
  | { outcome: "published again"; topic: TopicState }
  /** It queues more than one invocation can: the next goes on from there. */
  | { outcome: "goes on"; topic: TopicState }
  /** No notice: the update is silent, its notice was planned already, or another planner is ahead. */
  | { outcome: "nothing to plan" }
  /** The incident or component was deleted before anything was queued. */
  | { outcome: "withdrawn" };

/**
 * Plans one notice: renders its texts once, fixes the chunks, queues every chunk, publishes to the topic, marks the
 * notice planned. Every step may run again (a stream record comes at least once, and sweep repeats what was not
 * finished): texts and chunk numbers stay those of the first run, and chunks repeat their deduplication ids.
 */
export async function planNotice({ pageId, updateId }: PlanWork, deps: PlanDeps): Promise<PlanOutcome> {
  const until = deps.clock() + QUEUES_FOR_MS;
  const notice = await deps.ledger.getNotice(pageId, updateId);
  if (notice === null) return { outcome: "nothing to plan" };
  if (notice.state !== "unplanned") return publishAgain(notice, deps);
  const [publication, plan] = await Promise.all([tell(notice, deps), planChunks(notice, deps)]);
  if (publication === null) {
    await deps.ledger.markPlanned(notice, { email: 0, sms: 0, webhook: 0 }, deps.clock());
    return { outcome: "withdrawn" };
  }

  const [topic, queued] = await Promise.all([
    isPublished(notice) ? notice.topic : publish(publication, notice, deps),
    queueChunks(notice, plan, until, deps),
  ]);
  switch (queued) {
    case "all":
      await deps.ledger.markPlanned(notice, plan, deps.clock(), topic);
      return { outcome: "planned", plan, topic };
    case "no time":
      if (topic.state !== "waiting") await deps.ledger.settleTopic(notice, topic);
      await deps.queues.wakePlanner({ pageId, updateId });
      return { outcome: "goes on", topic };
    case "overtaken":
      return { outcome: "nothing to plan" };
  }
}

/** No part is queued after this: the slowest part still fits before the function's end (60 s). */
const QUEUES_FOR_MS = 40_000;
/**
 * So many chunks are queued before the notice says so. SQS drops a repeated chunk for five minutes only, so a planner that
 * began anew each time would queue the first ones again and again, and might never come to the last.
 */
export const CHUNKS_PER_PART = 1_000;

/** The channel with the fewest chunks first: it does not wait for 200,000 of another. */
async function queueChunks(
  notice: Notice,
  plan: ChannelPlan,
  until: number,
  deps: PlanDeps,
): Promise<"all" | "no time" | "overtaken"> {
  const channels = [...CHANNELS].sort((a, b) => plan[a] - plan[b]);
  const works = channels.flatMap((channel) => chunkWorks(notice, channel, plan[channel]));
  for (let first = notice.queued ?? 0; first < works.length; first += CHUNKS_PER_PART) {
    if (deps.clock() > until) return "no time";
    const next = first + CHUNKS_PER_PART;
    await deps.queues.sendChunks(works.slice(first, next));
    if (next >= works.length) break;
    const noted = await deps.ledger.noteQueued(notice, next);
    if (noted.outcome === "lost") return "overtaken";
  }
  return "all";
}

function isPublished(notice: Notice): notice is Notice & { topic: TopicState } {
  return notice.topic !== undefined && notice.topic.state !== "waiting";
}

/** How long the topic is tried: as long as a webhook. */
const TOPIC_PATIENCE_MS = 24 * 60 * 60_000;

/** The topic never fails a plan: the page's subscribers get the update in any case. */
async function publish({ json, attributes }: Publication, notice: Notice, deps: PlanDeps): Promise<TopicState> {
  const published = await deps.topic.publish(json, attributes);
  switch (published.outcome) {
    case "published":
      return { state: "published", reason: null };
    case "refused":
      return { state: "refused", reason: published.reason };
    case "unavailable": {
      const isOver = deps.clock() > notice.committedAt + TOPIC_PATIENCE_MS;
      return { state: isOver ? "refused" : "waiting", reason: published.reason };
    }
  }
}

async function publishAgain(notice: Notice, deps: PlanDeps): Promise<PlanOutcome> {
  if (notice.topic?.state !== "waiting") return { outcome: "nothing to plan" };
  const publication = await tell(notice, deps);
  const topic: TopicState =
    publication === null ? { state: "refused", reason: "withdrawn" } : await publish(publication, notice, deps);
  if (topic.state !== "waiting") await deps.ledger.settleTopic(notice, topic);
  return { outcome: "published again", topic };
}

/** Stores the texts that the senders will send; null: there is nothing to announce any more. */
function tell(notice: Notice, deps: PlanDeps): Promise<Publication | null> {
  switch (notice.kind) {
    case "update":
      return tellUpdate(notice, deps);
    case "component change":
      return tellChange(notice, deps);
  }
}

async function tellUpdate(notice: UpdateNotice, deps: PlanDeps): Promise<Publication | null> {
  const source = await readSource(notice, deps);
  const { incident, update } = source;
  if (incident.withdrawnAt !== null) return null;
  const { texts, topic } = await deps.render(source);
  await keepTexts(notice, texts, deps);
  const { pageId, subject } = notice;
  const { status, componentIdsSoFar } = update;
  return {
    json: topic,
    attributes: {
      page: pageId,
      incident: subject.id,
      status,
      impact: incident.impact,
      componentIds: componentIdsSoFar,
    },
  };
}

async function readSource(notice: UpdateNotice, deps: PlanDeps): Promise<RenderSource> {
  const { pageId, updateId, seq } = notice;
  const incidentId = notice.subject.id;
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

function chunkWorks(notice: Notice, channel: Channel, of: number): ChunkWork[] {
  const { pageId, subject, updateId, seq } = notice;
  return Array.from({ length: of }, (_, chunk) => ({
    kind: "chunk",
    pageId,
    subject,
    updateId,
    seq,
    channel,
    chunk,
    of,
    resend: 0,
  }));
}
