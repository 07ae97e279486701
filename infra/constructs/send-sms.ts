import { Duration, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { envSchema } from "../../functions/send-sms/env.ts";
import { CEILING_REACHED } from "../../functions/send-sms/limited-sms.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import { Sender, tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SendSmsProps {
  state: StateStack;
  alarms: Alarms;
  chunks: WorkQueue;
  letters: WorkQueue;
  subscriptionsUrl: string;
  countries: readonly string[];
  /** USD. */
  maxPrice: string;
  /** USD. */
  dailyCeiling: string;
  senderId: string | null;
}

/** SMS chunks and retries -> SNS. */
export class SendSms extends Construct {
  readonly function: Sender<typeof envSchema>;

  constructor(scope: Construct, id: string, { state, alarms, chunks, letters, ...settings }: SendSmsProps) {
    super(scope, id);
    this.function = new Sender(this, "Function", {
      step: "send-sms",
      description: "sends one chunk of an update by SMS, or a code",
      envSchema,
      environment: {
        ...tableNames(state),
        SMS_QUEUE_URL: chunks.url,
        SMS_LETTERS_QUEUE_URL: letters.url,
        SUBSCRIPTIONS_URL: settings.subscriptionsUrl,
        SMS_SENDER_ID: settings.senderId ?? "",
        SMS_COUNTRIES: settings.countries.join(","),
        SMS_DAILY_CEILING: settings.dailyCeiling,
        SMS_MAX_PRICE: settings.maxPrice,
      },
      state,
    });
    chunks.grantSend(this.function);
    letters.grantSend(this.function);
    // The send schedule; what the day's SMS cost; and who got codes and links, by a name from the page's key.
    allowItems(this.function, state.access, {
      schedules: ["GetItem", "UpdateItem"],
      counters: ["UpdateItem"],
      signingKeys: ["Query"],
      permits: ["GetItem", "PutItem"],
    });
    // A subscriber who answered STOP is out for good. What somebody asked for in the name of a number is kept once its
    // code is permitted.
    allow(this.function, state.subscribers, ["PutItem", "UpdateItem"]);
    this.function.allowEverywhere(
      ["sns:Publish"],
      "A phone number has no ARN. What has one, every topic and endpoint, is taken out again beside it.",
    );
    this.function.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["sns:Publish"],
        resources: [`arn:${Stack.of(this).partition}:sns:*:*:*`],
      }),
    );
    const refusals = new MetricFilter(this, "CeilingReached", {
      logGroup: this.function.logGroup,
      // A phrase, because Lambda writes more than the logger's JSON into the line.
      filterPattern: FilterPattern.literal(`"${CEILING_REACHED}"`),
      metricNamespace: `Tocsin/${Stack.of(this).stackName}`,
      metricName: "SmsCeilingReached",
    });
    alarms.add(this, "CeilingReachedAlarm", {
      impact: "Subscribers by SMS, or people who sign up by SMS, get none until midnight UTC.",
      runbook: "sms-ceiling-reached",
      metric: refusals.metric({ period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 1,
    });
  }
}
