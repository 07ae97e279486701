import type { AttemptOutcome } from "../core/attempt.ts";
import type { ChunkRef } from "../core/chunk.ts";
import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Channel, EndpointHealth, Subscriber } from "../core/subscriber.ts";
import type { RetryQueues } from "../providers/queues.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import type { Pace } from "./pace.ts";

/** Names an update or a component change: all that is needed to find its stored texts. */
export type UpdateRef = Pick<ChunkRef, "pageId" | "subject" | "updateId" | "seq">;

/** The attempts of one update. */
export interface UpdateSender {
  /**
   * Loads what these will be sent, each text once per chunk. Throws when one is missing: so it comes before anybody is in
   * flight, lest a text that could not be read leave somebody in doubt.
   */
  ready(readers: readonly Subscriber[]): Promise<void>;
  /** One attempt for one subscriber. */
  send(subscriber: Subscriber): Promise<AttemptOutcome>;
}

/** What differs between the channels. */
export interface ChannelSender {
  channel: Channel;
  /** Loads what all recipients share, once per chunk. */
  prepare(update: UpdateRef): Promise<UpdateSender>;
  /** Right before an attempt: whether the address may be tried now, or all that waits for it is to wait longer. */
  admit(subscriber: Subscriber, delivery: Delivery): Promise<Admitted>;
  /**
   * For outcomes that say something about the subscriber, not just this delivery (webhook 410, opted-out phone), and about
   * their endpoint. `claimed` is what `admit` said.
   */
  afterOutcome(subscriber: Subscriber, outcome: AttemptOutcome, claimed: EndpointHealth | null): Promise<void>;
  /** The delivery's retry schedule came to its end. Called before that is recorded: whoever dies in between does both again. */
  onExhausted(subscriber: Subscriber, delivery: Delivery): Promise<void>;
}

/** `claimed`: the endpoint's health as it stands during the attempt; null where none is known. */
export type Admitted = { outcome: "go"; claimed: EndpointHealth | null } | { outcome: "held"; until: number };

/** For channels without a gate. */
export const ADMITTED: Admitted = { outcome: "go", claimed: null };

export interface SendDeps {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Ledger;
  queues: RetryQueues;
  sender: ChannelSender;
  pace: Pace;
  clock: Clock;
  /** Uniform in [0, 1). */
  jitter: () => number;
}

/** No window begins later than this after the claim: the slowest send (15 s) and its record still fit before the timeout. */
export const LAST_WINDOW_MS = 38_000;
