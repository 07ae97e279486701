import type { UpdateStatus } from "../../functions/core/incident.ts";
import type { Channel } from "../../functions/core/subscriber.ts";
import type { QueueName } from "../fakes/queues.ts";
import type { Answer } from "./providers.ts";
import type { Fault } from "./schedule.ts";

export type Stream = "prompt" | "late" | "lost" | "twice";

/** What a scenario does, some time after its previous deed. */
export type Deed = { after: number } & (
  | { do: "post"; status: UpdateStatus; deliver: boolean; stream: Stream }
  | { do: "withdraw" }
  | { do: "join"; channel: Channel }
  | { do: "unsubscribe"; who: number }
  | { do: "quarantine"; who: number }
  /** Null: every queue. */
  | { do: "lose"; queue: QueueName | null }
  /** The queues give out again at once what is in flight. */
  | { do: "redeliver" }
  /** `count` entries of standard queues come twice. */
  | { do: "duplicate"; count: number }
  /** Something is wrong with us: the channel's provider accepts nothing, until it is mended (null: all are). */
  | { do: "break"; channel: "email" | "sms" }
  | { do: "mend"; channel: "email" | "sms" | null }
  /** One call fails, after `calls` of this method (null: of any). */
  | { do: "fail"; method: string | null; calls: number }
  /** Likewise, but `times` calls of this method in a row throw that the table is too busy: throttles, conflicts. */
  | { do: "busy"; method: string; calls: number; times: number }
  /** The invocation that makes this call, after so many of its kind, dies before it. */
  | { do: "die"; method: string; calls: number }
  /** Likewise, but it stands still until its lease is over. */
  | { do: "stall"; method: string; calls: number }
  /** Strikes an invocation that is at work `calls` port calls later. */
  | { do: "kill"; who: number; calls: number }
  | { do: "freeze"; who: number; calls: number; milliseconds: number }
);

export interface Scenario {
  seed: number;
  /** What is posted: an incident's updates (if absent), or changes of a component without an incident. */
  about?: "component";
  audience: Record<Channel, number>;
  manyChunks: boolean;
  /** Updates planned this long after the first commit or later are cut into more chunks, as far as they may be. */
  growsAfterMs?: number;
  /** The first answers of each subscriber's address, by number; after them everything is accepted. */
  answers: readonly (readonly Answer[])[];
  deeds: readonly Deed[];
  /** Faults of single port calls, by their number in the run. */
  faults?: readonly Fault[];
  /** Everybody's first attempt begins within this time from the first commit. */
  promptMs?: number;
  /** Everything that waited for us has ended within this time after it was mended. */
  resumesWithinMs?: number;
  /** Everybody on this channel answers at the last moment, everybody else at once. */
  slow?: Channel;
  account?: Account;
}

/** The AWS account as Lambda counts in it. */
export interface Account {
  /** Most invocations at once, of all functions together. */
  concurrency: number;
  /** Most of one mapping. */
  atMost: Readonly<Record<QueueName, number>>;
  /** How often somebody calls one of the APIs. */
  apiEveryMs: number;
}
