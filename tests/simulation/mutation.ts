import type { AllQueues } from "../../functions/providers/queues.ts";
import type { AccessStore } from "../../functions/store/access/access-store.ts";
import type { Ledger } from "../../functions/store/deliveries/ledger.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import type { Providers } from "./providers.ts";

/** The purpose of an invocation. */
export type Step = "plan" | "chunk" | "retry" | "sweep";

/** Everything that a step reaches of the world. */
export interface Ports extends Providers {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Ledger;
  access: AccessStore;
  queues: AllQueues;
}

/**
 * A seeded bug: one invocation's ports, some of them broken. It is called once per invocation, so it may remember.
 * `body` is what the invocation took from its queue; null for the stream's records and sweep.
 */
export type Mutation = (ports: Ports, step: Step, body: string | null) => Partial<Ports>;
