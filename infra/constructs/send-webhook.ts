import { Construct } from "constructs";
import { envSchema } from "../../functions/send-webhook/env.ts";
import type { StateStack } from "../state-stack.ts";
import { Sender, tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SendWebhookProps {
  state: StateStack;
  retries: WorkQueue;
  probes: WorkQueue;
  /** For the letter about a chat's first post, once that has arrived. */
  letters: WorkQueue;
  /** Mails about endpoints in quarantine are rendered there. */
  planning: WorkQueue;
  subscriptionsUrl: string;
  targets: "public" | "any";
}

/** Webhook chunks, retries and probes -> HTTPS. */
export class SendWebhook extends Construct {
  readonly function: Sender<typeof envSchema>;

  constructor(
    scope: Construct,
    id: string,
    { state, retries, probes, letters, planning, subscriptionsUrl, targets }: SendWebhookProps,
  ) {
    super(scope, id);
    this.function = new Sender(this, "Function", {
      step: "send-webhook",
      description: "posts one chunk of an update to webhooks, or some retries or probes",
      envSchema,
      environment: {
        ...tableNames(state),
        WEBHOOK_RETRY_QUEUE_URL: retries.url,
        PROBES_QUEUE_URL: probes.url,
        LETTERS_QUEUE_URL: letters.url,
        PLAN_QUEUE_URL: planning.url,
        SUBSCRIPTIONS_URL: subscriptionsUrl,
        WEBHOOK_TARGETS: targets,
      },
      state,
    });
    for (const queue of [retries, probes, letters, planning]) queue.grantSend(this.function);
    // The signing key, from which an endpoint's secret is derived; the count of probes at each host, and whose turn it
    // is there.
    allowItems(this.function, state.access, {
      signingKeys: ["Query"],
      counters: ["UpdateItem"],
      turns: ["UpdateItem"],
    });
    // 410 Gone unsubscribes, an exhausted schedule quarantines, and a proof turns an endpoint into its new
    // registration.
    allow(this.function, state.subscribers, ["UpdateItem", "PutItem", "DeleteItem"]);
  }
}
