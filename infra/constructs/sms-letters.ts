import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import { SENDER_VISIBILITY } from "./delivery-channel.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { WorkQueue } from "./work-queue.ts";

/** SMS that belong to no update: codes and links that somebody waits for, so they have a lane beside the updates'. */
export class SmsLetters extends Construct {
  readonly work: WorkQueue;

  constructor(scope: Construct, id: string, { alarms }: { alarms: Alarms }) {
    super(scope, id);
    this.work = new WorkQueue(this, "Work", {
      alarms,
      fifo: false,
      visibilityTimeout: SENDER_VISIBILITY,
      // Ten minutes: then a code is void anyway.
      tries: 8,
      dead: {
        impact: "People who signed up for SMS got no code to confirm their number.",
        runbook: "sms-codes-put-aside",
      },
      late: {
        // A code is good for ten; half of that is a while to look at a phone.
        after: Duration.minutes(5),
        undone: "held",
        impact: "People who sign up for SMS wait for the code that confirms their number.",
        runbook: "sms-codes-waiting",
      },
    });
  }

  sentBy(sender: PipelineFunction, maxConcurrency: number): void {
    this.work.feed(sender, maxConcurrency);
  }
}
