import type { Clock } from "../core/clock.ts";
import type { Catalog } from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { ChannelPlan, Notice, UpdateNotice } from "../core/notice.ts";
import type { Page } from "../core/page.ts";
import type { ChunkWork, PlanWork } from "../core/queued-work.ts";
import { CHANNELS, type Channel } from "../core/subscriber.ts";
import type { ChunkQueues } from "../providers/queues.ts";
import type { Topic, TopicAttributes } from "../providers/topic.ts";
import type { AccessStore } from "../store/access.ts";
import type { Ledger } from "../store/deliveries.ts";
import type { StatusStore } from "../store/status.ts";
import type { SubscriberStore } from "../store/subscribers.ts";
import { keepTexts, type RenderedText } from "./keep-texts.ts";
import { type ChangeSource, type RenderedChange, tellChange } from "./plan-change.ts";
import { planChunks } from "./plan-chunks.ts";

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
  /** In every language and format that a subscriber may have. */
  texts: readonly RenderedText[];
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
  renderChange: (source: ChangeSource) => RenderedChange;
  clock: Clock;
}

export type PlanOutcome =
  | { outcome: "planned"; plan: ChannelPlan }
  /** No notice: the update is silent, or its notice was planned already. */
  | { outcome: "nothing to plan" }
  /** The incident or component was deleted before anything was queued. */
  | { outcome: "withdrawn" };

/**
 * Plans one notice: renders its texts once, fixes the chunks, queues every chunk, publishes to the topic, marks it
 * planned. Every step may run again (a stream record comes at least once, and sweep repeats what was not finished):
 * texts and chunk numbers are kept from the first run, chunks repeat their deduplication ids.
 */
export async function planNotice({ pageId, updateId }: PlanWork, deps: PlanDeps): Promise<PlanOutcome> {
  const notice = await deps.ledger.getNotice(pageId, updateId);
  if (notice === null || notice.state !== "unplanned") return { outcome: "nothing to plan" };
  const [publication, plan] = await Promise.all([tell(notice, deps), planChunks(notice, deps)]);
  if (publication === null) {
    await deps.ledger.markPlanned(notice, { email: 0, sms: 0, webhook: 0 }, deps.clock());
    return { outcome: "withdrawn" };
  }

  await Promise.all([
    deps.queues.sendChunks(CHANNELS.flatMap((channel) => chunkWorks(notice, channel, plan[channel]))),
    deps.topic.publish(publication.json, publication.attributes),
  ]);
  await deps.ledger.markPlanned(notice, plan, deps.clock());
  return { outcome: "planned", plan };
}

/** What the topic is to publish. */
export interface Publication {
  json: string;
  attributes: TopicAttributes;
}

/** Keeps the texts that the senders will send; null: there is nothing to tell any more. */
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
  const { pageId, incidentId } = notice;
  const { status, componentIdsSoFar } = update;
  return {
    json: topic,
    attributes: {
      page: pageId,
      incident: incidentId,
      status,
      impact: incident.impact,
      componentIds: componentIdsSoFar,
    },
  };
}

async function readSource(notice: UpdateNotice, deps: PlanDeps): Promise<RenderSource> {
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
