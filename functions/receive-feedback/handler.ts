import { randomBytes } from "node:crypto";
import { sqsBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { dynamoLedger } from "../store/dynamo-ledger.ts";
import { dynamoSubscriberStore } from "../store/dynamo-subscribers.ts";
import { dynamoClient } from "../store/table.ts";
import { envSchema } from "./env.ts";
import { type FeedbackDeps, receiveFeedback } from "./receive-feedback.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "receive-feedback" });
const client = dynamoClient();
const deps: FeedbackDeps = {
  subscribers: dynamoSubscriberStore({ client, table: env.SUBSCRIBERS_TABLE }),
  ledger: dynamoLedger({ client, table: env.DELIVERIES_TABLE, random: randomBytes }),
  clock: Date.now,
  log,
};

// Invocation: what SES says of one mail.
const run = sqsBatch(({ body }) => receiveFeedback(body, deps), log);

// Export.
export const handler = run;
