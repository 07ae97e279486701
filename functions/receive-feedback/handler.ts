import { randomBytes } from "node:crypto";
import type { ScheduledEvent, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { sqsBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { snsOptOuts } from "../providers/sms.ts";
import { dynamoLedger } from "../store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../store/subscribers/dynamo-subscribers.ts";
import { dynamoClient } from "../store/table.ts";
import { envSchema } from "./env.ts";
import { followOptOuts } from "./follow-opt-outs.ts";
import { receiveFeedback } from "./receive-feedback.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "receive-feedback" });
const client = dynamoClient();
const deps = {
  status: dynamoStatusStore({ client, statusTable: env.STATUS_TABLE, deliveriesTable: env.DELIVERIES_TABLE }),
  subscribers: dynamoSubscriberStore({ client, table: env.SUBSCRIBERS_TABLE }),
  ledger: dynamoLedger({ client, table: env.DELIVERIES_TABLE, random: randomBytes }),
  optOuts: snsOptOuts(),
  clock: Date.now,
  log,
};
const takeReports = sqsBatch(({ body }) => receiveFeedback(body, deps), log);

// Invocation: what SES says about one mail; once an hour, who answered STOP to an SMS.
const run = async (cause: SQSEvent | ScheduledEvent): Promise<SQSBatchResponse | undefined> => {
  if ("Records" in cause) return takeReports(cause);
  await followOptOuts(deps);
  return undefined;
};

// Export.
export const handler = run;
