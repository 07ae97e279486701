import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import { SENDER_VISIBILITY } from "./delivery-channel.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { WorkQueue } from "./work-queue.ts";

/** Mail that belongs to no update. Its token is stored only as a hash, so this queue alone is not rebuilt from the tables: people sign up again. */
export class Letters extends Construct {
  readonly work: WorkQueue;

  constructor(scope: Construct, id: string, { alarms }: { alarms: Alarms }) {
    super(scope, id);
    this.work = new WorkQueue(this, "Work", {
      alarms,
      fifo: false,
      visibilityTimeout: SENDER_VISIBILITY,
      // An hour. What waits for us (the send rate, the quota, a lapsed identity) does not count: it is queued anew.
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
    });
  }

  sentBy(sender: PipelineFunction, maxConcurrency: number): void {
    this.work.feed(sender, maxConcurrency);
  }
}
