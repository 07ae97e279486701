import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { envSchema } from "../../functions/sweep/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SweepProps {
  state: StateStack;
  alarms: Alarms;
  /** What publish-page makes the page's files with. */
  pageBuild: string;
  queues: Readonly<Record<"email" | "sms" | "webhook" | "webhookRetry" | "plan" | "publish", WorkQueue>>;
}

/** Once a minute: sets going again everything that was committed and not finished. */
export class Sweep extends Construct {
  constructor(scope: Construct, id: string, { state, alarms, pageBuild, queues }: SweepProps) {
    super(scope, id);
    const sweep = new PipelineFunction(this, "Function", {
      step: "sweep",
      description: "once a minute, sets going again what is not finished",
      envSchema,
      environment: {
        STATUS_TABLE: state.status.tableName,
        SUBSCRIBERS_TABLE: state.subscribers.tableName,
        DELIVERIES_TABLE: state.deliveries.tableName,
        ACCESS_TABLE: state.access.tableName,
        EMAIL_QUEUE_URL: queues.email.url,
        SMS_QUEUE_URL: queues.sms.url,
        WEBHOOK_QUEUE_URL: queues.webhook.url,
        WEBHOOK_RETRY_QUEUE_URL: queues.webhookRetry.url,
        PLAN_QUEUE_URL: queues.plan.url,
        PUBLISH_QUEUE_URL: queues.publish.url,
        PAGE_BUILD: pageBuild,
      },
      memorySize: 1024,
      // It ends before the next one begins.
      timeout: Duration.seconds(55),
    });
    allow(sweep, state.status, ["GetItem", "BatchGetItem", "Query"]);
    allow(sweep, state.deliveries, ["GetItem", "Query", "UpdateItem"], ["due", "open"]);
    // It removes subscribers whose time is over, and hashes with the page's key what must be remembered of an address.
    allow(sweep, state.subscribers, ["BatchGetItem", "PutItem", "DeleteItem", "UpdateItem"], ["purge"]);
    // The send rate from SES, what keeps the senders from sending, and that key.
    allowItems(sweep, state.access, { schedules: ["GetItem", "UpdateItem"], signingKeys: ["Query"] });
    for (const queue of Object.values(queues)) queue.grantSend(sweep);
    sweep.allowEverywhere(["ses:GetSendQuota"], "The quota is of the whole account.");

    sweep.runEvery(this, "EveryMinute", Duration.minutes(1));
    const runbook = "sweep-not-working";
    const impact =
      "Nothing that was interrupted is taken up again: retries, lost work and stale pages stay as they are.";
    alarms.add(this, "Silent", {
      impact,
      runbook,
      metric: sweep.metricInvocations({ period: Duration.minutes(5) }),
      threshold: 1,
      below: true,
      silence: "alarm",
    });
    alarms.add(this, "Failing", {
      impact,
      runbook,
      metric: sweep.metricErrors({ period: Duration.minutes(5) }),
      threshold: 3,
    });
  }
}
