import { Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { envSchema } from "../../functions/send-sms/env.ts";
import type { StateStack } from "../state-stack.ts";
import { Sender, tableNames } from "./sender.ts";
import { allow } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SendSmsProps {
  state: StateStack;
  chunks: WorkQueue;
  subscriptionsUrl: string;
  /** USD. */
  maxPrice: string;
}

/** SMS chunks and retries -> SNS. */
export class SendSms extends Construct {
  readonly function: Sender<typeof envSchema>;

  constructor(scope: Construct, id: string, { state, chunks, subscriptionsUrl, maxPrice }: SendSmsProps) {
    super(scope, id);
    this.function = new Sender(this, "Function", {
      step: "send-sms",
      description: "sends one chunk of an update by SMS, or a code",
      envSchema,
      environment: {
        ...tableNames(state),
        SMS_QUEUE_URL: chunks.url,
        SUBSCRIPTIONS_URL: subscriptionsUrl,
        SMS_MAX_PRICE: maxPrice,
      },
      state,
    });
    chunks.grantSend(this.function);
    // The send schedule.
    allow(this.function, state.access, ["GetItem", "UpdateItem"]);
    // Whoever answered STOP is out for good.
    allow(this.function, state.subscribers, ["UpdateItem"]);
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
  }
}
