import type { ChangeSource, RenderedChange, RenderedUpdate, RenderSource } from "../compose/sources.ts";
import type { Clock } from "../core/clock.ts";
import type { ChunkQueues, WakeQueues } from "../providers/queues.ts";
import type { Topic, TopicAttributes } from "../providers/topic.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface PlanDeps {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Ledger;
  access: Pick<AccessStore, "getRate">;
  queues: ChunkQueues & Pick<WakeQueues, "wakePlanner">;
  topic: Topic;
  render: (source: RenderSource) => Promise<RenderedUpdate>;
  renderChange: (source: ChangeSource) => RenderedChange;
  clock: Clock;
}

/** What the topic will publish. */
export interface Publication {
  json: string;
  attributes: TopicAttributes;
}
