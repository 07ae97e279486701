import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import { SENDER_VISIBILITY } from "./delivery-channel.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { FEWEST_TRIES, WorkQueue, type WorkQueueProps } from "./work-queue.ts";

interface Lane extends Pick<WorkQueueProps, "tries" | "dead" | "late"> {
  /**
   * The queue's id within the lane. It is part of the queue's name: on deploy, a new one would lose the work under way.
   */
  queue: string;
  /**
   * How many pieces of work one invocation does side by side. A post waits for somebody else's machine, and anybody may
   * have endpoints that never answer: ten silent ones cost no more than one.
   */
  atOnce: number;
}

const LANES = {
  /**
   * Mail that belongs to no update. The tables hold only a hash of its token, so this queue is not rebuilt from them:
   * people sign up again.
   */
  Letters: {
    queue: "Work",
    atOnce: 1,
    // An hour. A letter that waits for us (the send rate, the quota, a lapsed identity) uses up no tries: it is queued
    // anew.
    tries: 50,
    dead: {
      impact: "People who signed up got no mail to confirm their address.",
      runbook: "letters-put-aside",
    },
    late: {
      after: Duration.minutes(10),
      undone: "held",
      impact: "People who sign up wait for the mail that confirms their address.",
      runbook: "letters-waiting",
    },
  },
  /** SMS that belong to no update: codes and links that somebody waits for. */
  SmsLetters: {
    queue: "Work",
    atOnce: 1,
    // Ten minutes: then a code is void anyway.
    tries: 8,
    dead: {
      impact: "People who signed up for SMS got no code to confirm their number.",
      runbook: "sms-codes-put-aside",
    },
    late: {
      // A code is good for ten minutes; half of that is enough time to look at a phone.
      after: Duration.minutes(5),
      undone: "held",
      impact: "People who sign up for SMS wait for the code that confirms their number.",
      runbook: "sms-codes-waiting",
    },
  },
  /**
   * What strangers can cause: challenges, tests, first posts to chats, and deliveries that integrators send again.
   * Endpoints that never answer keep only each other waiting. Probes are not rebuilt from the tables: people register
   * or try an endpoint again.
   */
  Probes: {
    queue: "Work",
    atOnce: 10,
    tries: FEWEST_TRIES,
    dead: {
      impact: "Some endpoints that were registered got no challenge, and some chats no first post.",
      runbook: "probes-put-aside",
    },
    late: {
      // The longest delay, and as much again.
      after: Duration.minutes(30),
      undone: "waiting",
      impact: "Whoever registers an endpoint, or tries one out, waits for the post.",
      runbook: "probes-waiting",
    },
  },
  /**
   * Webhooks tried before, so that dead endpoints never slow the living. Their delay is at most 15 minutes; later
   * retries wait in the ledger's *due* index.
   */
  WebhookRetries: {
    queue: "Retries",
    atOnce: 10,
    tries: FEWEST_TRIES,
    dead: {
      impact: "Some webhooks' next attempts are minutes late.",
      runbook: "webhook-retries-put-aside",
    },
    late: {
      // The longest delay, and as much again.
      after: Duration.minutes(30),
      undone: "waiting",
      impact: "Webhooks that failed once are tried again later than promised.",
      runbook: "webhook-retries-waiting",
    },
  },
} as const satisfies Record<string, Lane>;

/** A sender's lane beside its channel's chunks: its work has no order, and keeps no update waiting. */
export class SideLane extends Construct {
  readonly work: WorkQueue;
  private readonly atOnce: number;

  constructor(scope: Construct, id: keyof typeof LANES, { alarms }: { alarms: Alarms }) {
    super(scope, id);
    const { queue, atOnce, ...meaning } = LANES[id];
    this.atOnce = atOnce;
    this.work = new WorkQueue(this, queue, {
      alarms,
      fifo: false,
      visibilityTimeout: SENDER_VISIBILITY,
      ...meaning,
    });
  }

  sentBy(sender: PipelineFunction, maxConcurrency: number): void {
    this.work.feed(sender, maxConcurrency, this.atOnce);
  }
}
