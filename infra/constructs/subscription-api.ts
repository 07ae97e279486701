import { Duration } from "aws-cdk-lib";
import { HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { Construct } from "constructs";
import { envSchema } from "../../functions/subscription-api/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import type { ApiAddress } from "./api-address.ts";
import { HttpApi } from "./http-api.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SubscriptionApiProps {
  state: StateStack;
  address: ApiAddress;
  alarms: Alarms;
  letters: WorkQueue;
  smsLetters: WorkQueue;
  /** For endpoints to try out, and webhooks that their integrators send again. */
  probes: WorkQueue;
  pageUrl: string;
  subscriptionsUrl: string;
  mailFrom: string | null;
  smsCountries: readonly string[];
  webhookTargets: "public" | "any";
  captcha: { verifyUrl: string; secret: string } | null;
  /** Invocations that are kept for it; null: none are. */
  reserved: number | null;
}

/** the public -> subscribers table, and the letters to its people. */
export class SubscriptionApi extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { state, address, alarms, letters, smsLetters, probes, captcha, ...settings }: SubscriptionApiProps,
  ) {
    super(scope, id);
    const subscriptions = new PipelineFunction(this, "Function", {
      step: "subscription-api",
      description: "sign up, confirm, manage and leave a subscription",
      envSchema,
      environment: {
        ...tableNames(state),
        LETTERS_QUEUE_URL: letters.url,
        SMS_LETTERS_QUEUE_URL: smsLetters.url,
        PROBES_QUEUE_URL: probes.url,
        PAGE_URL: settings.pageUrl,
        SUBSCRIPTIONS_URL: settings.subscriptionsUrl,
        MAIL_FROM: settings.mailFrom ?? "",
        SMS_COUNTRIES: settings.smsCountries.join(","),
        WEBHOOK_TARGETS: settings.webhookTargets,
        CAPTCHA_VERIFY_URL: captcha?.verifyUrl ?? "",
        CAPTCHA_SECRET: captcha?.secret ?? "",
      },
      memorySize: 1769,
      timeout: Duration.seconds(15),
      reserved: settings.reserved,
    });
    allow(subscriptions, state.subscribers, ["GetItem", "PutItem", "UpdateItem", "DeleteItem"]);
    // What people can subscribe to.
    allow(subscriptions, state.status, ["GetItem", "BatchGetItem", "Query"], ["unresolved"]);
    // What was sent to the subscriber who asks.
    allow(subscriptions, state.deliveries, ["Query"]);
    // The signing keys behind the tokens in its links; the counts of who asked for what, to cap them.
    allowItems(subscriptions, state.access, {
      signingKeys: ["GetItem", "Query"],
      counters: ["UpdateItem"],
      permits: ["GetItem", "PutItem"],
    });
    // What was sent to an endpoint, and how to send it again.
    allow(subscriptions, state.deliveries, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"], ["endpoint"]);
    for (const queue of [letters, smsLetters, probes]) queue.grantSend(subscriptions);
    const api = new HttpApi(this, "Http", {
      address,
      alarms,
      impact: "People may be unable to sign up, confirm or unsubscribe.",
      noAuthorizerBecause: "It is for the public: links carry tokens bound to one purpose and one subscriber.",
      throttle: { perSecond: 50, burst: 100 },
    });
    const path = "/{proxy+}";
    api.answeredBy(subscriptions, [
      { path, methods: [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS], throttle: { perSecond: 50, burst: 100 } },
      // Sign-ups have a rate of their own, so that a storm of them does not affect the rest.
      { path: "/subscriptions/{proxy+}", methods: [HttpMethod.POST], throttle: { perSecond: 10, burst: 30 } },
      // Mail providers post one-click unsubscriptions in bursts after a large mailing.
      { path, methods: [HttpMethod.POST], throttle: { perSecond: 20, burst: 50 } },
    ]);
  }
}
