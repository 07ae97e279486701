import { Duration } from "aws-cdk-lib";
import { HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { Construct } from "constructs";
import { envSchema } from "../../functions/manage-api/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import { HttpApi } from "./http-api.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { tableNames } from "./sender.ts";
import { allow } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface ManageApiProps {
  state: StateStack;
  alarms: Alarms;
  confirmations: WorkQueue;
  pageUrl: string;
  subscriptionsUrl: string;
  mailFrom: string;
  smsCountries: readonly string[];
  webhookTargets: "public" | "any";
}

/** operators -> status table, and a notice in the ledger. */
export class ManageApi extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, props: ManageApiProps) {
    super(scope, id);
    const { state, alarms, confirmations } = props;
    const manage = new PipelineFunction(this, "Function", {
      step: "manage-api",
      description: "the operators' REST API",
      envSchema,
      environment: {
        ...tableNames(state),
        CONFIRMATION_QUEUE_URL: confirmations.url,
        PAGE_URL: props.pageUrl,
        SUBSCRIPTIONS_URL: props.subscriptionsUrl,
        MAIL_FROM: props.mailFrom,
        SMS_COUNTRIES: props.smsCountries.join(","),
        WEBHOOK_TARGETS: props.webhookTargets,
      },
      memorySize: 1769,
      // HTTP APIs wait 30 seconds.
      timeout: Duration.seconds(29),
    });
    allow(manage, state.status, ["GetItem", "Query", "PutItem", "UpdateItem"], ["newest", "unresolved"]);
    allow(manage, state.subscribers, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"]);
    // Puts the notice, in the transaction of its update; the rest is the report.
    allow(manage, state.deliveries, ["GetItem", "Query", "PutItem"]);
    allow(manage, state.access, ["GetItem", "Query", "PutItem", "UpdateItem"]);
    confirmations.grantSend(manage);

    const api = new HttpApi(this, "Http", {
      alarms,
      description: "Tocsin: manage API",
      impact: "Operators may be unable to post updates.",
      noAuthorizerBecause:
        "manage-api checks the API key and its scopes itself, in the forms that Statuspage's clients send.",
      throttle: { perSecond: 50, burst: 100 },
    });
    api.answeredBy(manage, [
      { path: "/v1/{proxy+}", methods: [HttpMethod.ANY], throttle: { perSecond: 50, burst: 100 } },
    ]);
    this.url = api.url;
  }
}
