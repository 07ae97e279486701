import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import { SENDER_VISIBILITY } from "./delivery-channel.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { FEWEST_TRIES, WorkQueue } from "./work-queue.ts";

/**
 * Retries that one invocation makes side by side: each does little but wait for an answer, and anybody may have endpoints
 * that prove themselves and then answer nothing.
 */
const AT_ONCE = 10;

/** A lane of its own for webhooks tried before, so that dead endpoints never slow the living. Its delay is at most 15 minutes; later retries wait in the ledger's *due* index. */
export class WebhookRetries extends Construct {
  readonly retries: WorkQueue;

  constructor(scope: Construct, id: string, { alarms }: { alarms: Alarms }) {
    super(scope, id);
    this.retries = new WorkQueue(this, "Retries", {
      alarms,
      fifo: false,
      visibilityTimeout: SENDER_VISIBILITY,
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
    });
  }

  sentBy(sender: PipelineFunction, maxConcurrency: number): void {
    this.retries.feed(sender, maxConcurrency, AT_ONCE);
  }
}
