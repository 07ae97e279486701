import { Duration } from "aws-cdk-lib";
import { HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { Construct } from "constructs";
import { envSchema } from "../../functions/manage-api/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import type { ApiAddress } from "./api-address.ts";
import { HttpApi } from "./http-api.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface ManageApiProps {
  state: StateStack;
  address: ApiAddress;
  /** Where operators get in beside a flood: nobody else knows it. */
  sparePath: string;
  alarms: Alarms;
  letters: WorkQueue;
  /** Deliveries go there that an operator sends again. */
  resends: Readonly<Record<"email" | "sms" | "webhookRetry", WorkQueue>>;
  pageUrl: string;
  subscriptionsUrl: string;
  mailFrom: string | null;
  smsCountries: readonly string[];
  /** USD. */
  smsMaxPrice: string;
  /** USD, for all SMS of a UTC day. */
  smsDailyCeiling: string;
  webhookTargets: "public" | "any";
  /** Invocations that are kept for it; null: none are. */
  reserved: number | null;
}

/** operators -> status table, and a notice in the ledger; resends -> the channels' lanes for retries. */
export class ManageApi extends Construct {
  constructor(scope: Construct, id: string, props: ManageApiProps) {
    super(scope, id);
    const { state, alarms, letters, resends } = props;
    const manage = new PipelineFunction(this, "Function", {
      step: "manage-api",
      description: "the operators' REST API",
      envSchema,
      environment: {
        ...tableNames(state),
        KEYS_TABLE: state.keys.tableName,
        LETTERS_QUEUE_URL: letters.url,
        EMAIL_QUEUE_URL: resends.email.url,
        SMS_QUEUE_URL: resends.sms.url,
        WEBHOOK_RETRY_QUEUE_URL: resends.webhookRetry.url,
        PAGE_URL: props.pageUrl,
        SUBSCRIPTIONS_URL: props.subscriptionsUrl,
        MAIL_FROM: props.mailFrom ?? "",
        SMS_COUNTRIES: props.smsCountries.join(","),
        SMS_MAX_PRICE: props.smsMaxPrice,
        SMS_DAILY_CEILING: props.smsDailyCeiling,
        WEBHOOK_TARGETS: props.webhookTargets,
      },
      memorySize: 1769,
      // HTTP APIs wait 30 seconds.
      timeout: Duration.seconds(29),
      reserved: props.reserved,
    });
    allow(manage, state.status, ["GetItem", "Query", "PutItem", "UpdateItem"], ["newest", "unresolved"]);
    // Removes subscribers whom an operator erases; the index also names those whom an operator brings back or mails
    // again.
    allow(
      manage,
      state.subscribers,
      ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"],
      ["purge"],
    );
    // Puts the notice, in the transaction of its update, and reopens deliveries; the rest is for the report.
    allow(manage, state.deliveries, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"], ["problems"]);
    // No other function touches API keys. Below: what operators ask for once, what a preview says about the day's SMS,
    // and the key that signs the links of a confirmation.
    allow(manage, state.keys, ["GetItem", "Query", "PutItem", "UpdateItem", "ConditionCheckItem"]);
    allowItems(manage, state.access, {
      requests: ["PutItem", "UpdateItem"],
      schedules: ["GetItem"],
      counters: ["GetItem"],
      signingKeys: ["Query"],
    });
    letters.grantSend(manage);
    for (const lane of Object.values(resends)) lane.grantSend(manage);

    const api = new HttpApi(this, "Http", {
      address: props.address,
      alarms,
      impact: "Operators may be unable to post updates.",
      noAuthorizerBecause:
        "manage-api checks the API key and its scopes itself, in the forms that Statuspage's clients send.",
      throttle: { perSecond: 50, burst: 100 },
    });
    api.answeredBy(manage, [
      { path: "/v1/{proxy+}", methods: [HttpMethod.ANY], throttle: { perSecond: 50, burst: 100 } },
      // A throttle counts every request of its route, also with a wrong key: a flood would keep operators out.
      { path: `/${props.sparePath}/v1/{proxy+}`, methods: [HttpMethod.ANY], throttle: null },
    ]);
  }
}
