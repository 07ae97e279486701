import type { AttemptOutcome } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Update } from "../core/incident.ts";
import type { Channel, Subscriber } from "../core/subscriber.ts";
import type { RetryQueues } from "../providers/queues.ts";
import type { Ledger } from "../store/deliveries.ts";
import type { StatusStore } from "../store/status.ts";
import type { SubscriberStore } from "../store/subscribers.ts";
import type { Pace } from "./pace.ts";

/** Names an update or a component change: all that is needed to find its stored texts. */
export type UpdateRef = Pick<Update, "pageId" | "incidentId" | "id" | "seq">;

/** One attempt for one subscriber of the update it was prepared for. */
export type SendOne = (subscriber: Subscriber) => Promise<AttemptOutcome>;

/** What differs between the channels. */
export interface ChannelSender {
  channel: Channel;
  /** Loads what all recipients share (stored texts, signing key), once per chunk. Throws when a stored text is missing. */
  prepare(update: UpdateRef): Promise<SendOne>;
  /** For outcomes that say something about the subscriber, not just this delivery (webhook 410, opted-out phone). */
  afterOutcome(subscriber: Subscriber, outcome: AttemptOutcome): Promise<void>;
  /** The delivery's retry schedule came to its end. Called before that is recorded: whoever dies in between does both again. */
  onExhausted(subscriber: Subscriber, delivery: Delivery): Promise<void>;
}

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
