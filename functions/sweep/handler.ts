import { randomBytes } from "node:crypto";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { sesLimits } from "../providers/mail.ts";
import { sqsQueues } from "../providers/queues.ts";
import { dynamoAccessStore } from "../store/access/dynamo-access.ts";
import { dynamoLedger } from "../store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../store/subscribers/dynamo-subscribers.ts";
import { dynamoClient } from "../store/table.ts";
import { envSchema } from "./env.ts";
import { type SweepDeps, sweep } from "./sweep.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "sweep" });
const client = dynamoClient();
const deps: SweepDeps = {
  status: dynamoStatusStore({ client, statusTable: env.STATUS_TABLE, deliveriesTable: env.DELIVERIES_TABLE }),
  subscribers: dynamoSubscriberStore({ client, table: env.SUBSCRIBERS_TABLE }),
  ledger: dynamoLedger({ client, table: env.DELIVERIES_TABLE, random: randomBytes }),
  access: dynamoAccessStore({ client, table: env.ACCESS_TABLE, random: randomBytes }),
  mail: sesLimits(),
  queues: sqsQueues({
    email: env.EMAIL_QUEUE_URL,
    sms: env.SMS_QUEUE_URL,
    webhook: env.WEBHOOK_QUEUE_URL,
    webhookRetry: env.WEBHOOK_RETRY_QUEUE_URL,
    plan: env.PLAN_QUEUE_URL,
    publish: env.PUBLISH_QUEUE_URL,
  }),
  pageBuild: env.PAGE_BUILD,
  clock: Date.now,
};

// Invocation: once a minute.
const run = async (): Promise<void> => {
  const { counts, failures } = await sweep(deps);
  if (Object.values(counts).some((count) => count > 0)) log.info("set going again", { ...counts });
  for (const { error, ...what } of failures) log.error("duty failed", error, what);
  if (failures.length > 0) throw new Error(`${failures.length} duties of this sweep failed: see the log`);
};

// Export.
export const handler = run;
