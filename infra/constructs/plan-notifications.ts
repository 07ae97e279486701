import { Duration } from "aws-cdk-lib";
import { FilterRule } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { envSchema } from "../../functions/plan-notifications/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import type { Mail } from "./mail.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { tableNames } from "./sender.ts";
import { StatusStream } from "./status-stream.ts";
import { allow, allowItems } from "./table-access.ts";
import { FEWEST_TRIES, WorkQueue } from "./work-queue.ts";

export interface PlanNotificationsProps {
  state: StateStack;
  alarms: Alarms;
  mail: Mail;
  pageUrl: string;
  subscriptionsUrl: string;
  topic: ITopic;
  letters: WorkQueue;
  chunks: Readonly<Record<"email" | "sms" | "webhook", WorkQueue>>;
  /** Invocations at once for what the stream missed. */
  atMost: number;
}

// Twenty thousand chunks for a million subscribers are two thousand batches: seconds, not minutes.
const TIMEOUT = Duration.seconds(60);

/** status stream, or sweep -> rendered texts, the topic, one piece of work per chunk. */
export class PlanNotifications extends Construct {
  /** Notices that the stream missed, and mails about endpoints in quarantine. */
  readonly missed: WorkQueue;

  constructor(scope: Construct, id: string, props: PlanNotificationsProps) {
    super(scope, id);
    const { state, alarms, mail, topic, letters, chunks } = props;
    const dead = {
      impact: "An update may reach its subscribers late: planning it failed again and again.",
      runbook: "planning-failed",
    };
    const late = { impact: "New updates are not being sent to subscribers yet.", runbook: "planning-behind" };
    this.missed = new WorkQueue(this, "Missed", {
      alarms,
      fifo: false,
      // AWS's advice for a function's queue: six times its timeout.
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      tries: FEWEST_TRIES,
      dead,
      late: { ...late, after: Duration.minutes(5) },
    });
    const planner = new PipelineFunction(this, "Function", {
      step: "plan-notifications",
      description: "renders an update once and cuts its audience into chunks",
      envSchema,
      environment: {
        ...tableNames(state),
        EMAIL_QUEUE_URL: chunks.email.url,
        SMS_QUEUE_URL: chunks.sms.url,
        WEBHOOK_QUEUE_URL: chunks.webhook.url,
        LETTERS_QUEUE_URL: letters.url,
        PLAN_QUEUE_URL: this.missed.url,
        TOPIC_ARN: topic.topicArn,
        PAGE_URL: props.pageUrl,
        SUBSCRIPTIONS_URL: props.subscriptionsUrl,
        MAIL_FROM: mail.from ?? "",
      },
      memorySize: 1769,
      timeout: TIMEOUT,
    });
    allow(planner, state.status, ["GetItem", "Query"]);
    // Counts the audience; of single subscribers it reads only the contacts of endpoints in quarantine.
    allow(planner, state.subscribers, ["GetItem", "BatchGetItem", "Query"]);
    // Notices, texts and plans; also to see whether an incident's earlier chunks are over.
    allow(planner, state.deliveries, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"]);
    // The send rate, which sizes the chunks; the page's key, which names a contact; and the endpoints that the
    // contact's mail will be about.
    allowItems(planner, state.access, {
      schedules: ["GetItem"],
      signingKeys: ["Query"],
      permits: ["GetItem", "PutItem"],
    });
    topic.grantPublish(planner);
    for (const queue of [...Object.values(chunks), letters, this.missed]) queue.grantSend(planner);

    new StatusStream(this, "Stream", {
      state,
      alarms,
      step: planner,
      filters: [
        {
          eventName: FilterRule.isEqual("INSERT"),
          dynamodb: { Keys: { sk: { S: FilterRule.beginsWith("UPDATE#") } } },
        },
        // A component change to announce: those of incidents name no notice of their own.
        {
          eventName: FilterRule.isEqual("INSERT"),
          dynamodb: { NewImage: { notice: { M: { id: { S: FilterRule.exists() } } } } },
        },
      ],
      batchSize: 10,
      dead,
      late,
    });
    this.missed.feed(planner, props.atMost);
  }
}
