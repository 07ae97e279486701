import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import { SENDER_VISIBILITY } from "./delivery-channel.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { FEWEST_TRIES, WorkQueue } from "./work-queue.ts";

/** SQS's minimum. With it a flood takes two of the ten invocations that a new account has, and no customer's place. */
const CONCURRENCY = 2;
/** Side by side: a probe waits for somebody else's machine, so twenty silent ones cost no more than two. */
const AT_ONCE = 10;

/**
 * Challenges, tests and first posts to chats, and what integrators have sent again: what strangers can cause, in a lane of
 * its own, so that endpoints that never answer keep nobody waiting but each other. Probes are not rebuilt from the tables:
 * an endpoint is registered or tried again.
 */
export class Probes extends Construct {
  readonly work: WorkQueue;

  constructor(scope: Construct, id: string, { alarms }: { alarms: Alarms }) {
    super(scope, id);
    this.work = new WorkQueue(this, "Work", {
      alarms,
      fifo: false,
      visibilityTimeout: SENDER_VISIBILITY,
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
    });
  }

  sentBy(sender: PipelineFunction): void {
    this.work.feed(sender, CONCURRENCY, AT_ONCE);
  }
}
