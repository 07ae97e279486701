import { Construct } from "constructs";
import { envSchema } from "../../functions/send-webhook/env.ts";
import type { StateStack } from "../state-stack.ts";
import { Sender, tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SendWebhookProps {
  state: StateStack;
  retries: WorkQueue;
  /** Where mails about endpoints in quarantine are rendered. */
  planning: WorkQueue;
  subscriptionsUrl: string;
  targets: "public" | "any";
}

/** Webhook chunks and retries -> HTTPS. */
export class SendWebhook extends Construct {
  readonly function: Sender<typeof envSchema>;

  constructor(scope: Construct, id: string, { state, retries, planning, subscriptionsUrl, targets }: SendWebhookProps) {
    super(scope, id);
    this.function = new Sender(this, "Function", {
      step: "send-webhook",
      description: "posts one chunk of an update to webhooks, or one retry",
      envSchema,
      environment: {
        ...tableNames(state),
        WEBHOOK_RETRY_QUEUE_URL: retries.url,
        PLAN_QUEUE_URL: planning.url,
        SUBSCRIPTIONS_URL: subscriptionsUrl,
        WEBHOOK_TARGETS: targets,
      },
      state,
    });
    retries.grantSend(this.function);
    planning.grantSend(this.function);
    // The signing key, from which an endpoint's secret is derived.
    allowItems(this.function, state.access, { signingKeys: ["Query"] });
    // 410 Gone unsubscribes, an exhausted schedule quarantines.
    allow(this.function, state.subscribers, ["UpdateItem", "PutItem"]);
  }
}
