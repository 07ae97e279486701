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

/** Names an update or a component change: enough to find its stored texts. */
export type UpdateRef = Pick<ChunkRef, "pageId" | "subject" | "updateId" | "seq">;

/** The attempts of one update. */
export interface UpdateSender {
  /**
   * Loads the texts that these subscribers will get, each text once per chunk. Throws when one is missing. It comes
   * before anybody is in flight, so that a text that cannot be read leaves nobody in doubt.
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
  /**
   * Right before an attempt: whether the address may be tried now, or everything that waits for it must wait longer.
   */
  admit(subscriber: Subscriber, delivery: Delivery): Promise<Admitted>;
  /**
   * Handles outcomes that say something about the subscriber (webhook 410, opted-out phone) or about their endpoint,
   * not just about this delivery. `claimed` is what `admit` said.
   */
  afterOutcome(subscriber: Subscriber, outcome: AttemptOutcome, claimed: EndpointHealth | null): Promise<void>;
  /**
   * The delivery's retry schedule came to its end. The call comes before that is recorded: a run that dies in between
   * does both again.
   */
  onExhausted(subscriber: Subscriber, delivery: Delivery): Promise<void>;
}

/** `claimed`: the endpoint's health as it stands during the attempt; null if none is known. */
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
