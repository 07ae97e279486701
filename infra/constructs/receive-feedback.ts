import { Duration } from "aws-cdk-lib";
import { EmailSendingEvent, EventDestination } from "aws-cdk-lib/aws-ses";
import { Topic } from "aws-cdk-lib/aws-sns";
import { SqsSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";
import { envSchema } from "../../functions/receive-feedback/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import type { Mail } from "./mail.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { allow } from "./table-access.ts";
import { WorkQueue } from "./work-queue.ts";

export interface ReceiveFeedbackProps {
  state: StateStack;
  alarms: Alarms;
  mail: Mail;
  /** Invocations at once. */
  atMost: number;
}

const TIMEOUT = Duration.seconds(30);

/** SES's bounces and complaints -> topic -> queue -> subscribers, ledger; once an hour SNS's opt-outs -> subscribers. */
export class ReceiveFeedback extends Construct {
  constructor(scope: Construct, id: string, { state, alarms, mail, atMost }: ReceiveFeedbackProps) {
    super(scope, id);
    const step = new PipelineFunction(this, "Function", {
      step: "receive-feedback",
      description: "ends what goes to addresses that bounce, complain or opt out",
      envSchema,
      environment: {
        STATUS_TABLE: state.status.tableName,
        SUBSCRIBERS_TABLE: state.subscribers.tableName,
        DELIVERIES_TABLE: state.deliveries.tableName,
      },
      memorySize: 512,
      timeout: TIMEOUT,
    });
    allow(step, state.status, ["Query", "BatchGetItem"]);
    allow(step, state.subscribers, ["GetItem", "PutItem", "UpdateItem"]);
    // A delivery's change, with its chunk's counts; also to see whether anything arrived meanwhile.
    allow(step, state.deliveries, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"]);

    step.allowEverywhere(["sns:ListPhoneNumbersOptedOut"], "The list is of the whole account.");

    const work = new WorkQueue(this, "Work", {
      alarms,
      fifo: false,
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      // More than the quarter of an hour that a report may wait for the sender's record.
      tries: 8,
      dead: {
        impact: "Addresses that bounced or complained are still written to, and reports count them as accepted.",
        runbook: "feedback-put-aside",
      },
      late: {
        after: Duration.minutes(30),
        impact: "Addresses that bounce or complain are written to for longer than they should be.",
        runbook: "feedback-waiting",
      },
    });
    work.feed(step, atMost);

    const topic = new Topic(this, "Topic", { displayName: "Bounces and complaints", enforceSSL: true });
    topic.addSubscription(new SqsSubscription(work.queue, { rawMessageDelivery: true }));
    // Allows SES to publish there, only for this configuration set.
    mail.configurationSet.addEventDestination("Feedback", {
      destination: EventDestination.snsTopic(topic),
      events: [EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT],
    });

    // SNS refuses those numbers itself, so an hour that fails does no harm.
    step.runEvery(this, "EveryHour", Duration.hours(1));
  }
}
