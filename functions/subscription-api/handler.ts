import { randomBytes } from "node:crypto";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { dynamoAccessStore } from "../store/dynamo-access.ts";
import { dynamoStatusStore } from "../store/dynamo-status.ts";
import { dynamoSubscriberStore } from "../store/dynamo-subscribers.ts";
import { dynamoClient } from "../store/table.ts";
import { subscriptionApi } from "./api.ts";
import { envSchema } from "./env.ts";

// Cold start.
const env = readEnv(envSchema);
const client = dynamoClient();
const api = subscriptionApi({
  // It reads the page's name and posts nothing, so it has no deliveries table to put a notice into.
  status: dynamoStatusStore({ client, statusTable: env.STATUS_TABLE, deliveriesTable: "" }),
  subscribers: dynamoSubscriberStore({ client, table: env.SUBSCRIBERS_TABLE }),
  access: dynamoAccessStore({ client, table: env.ACCESS_TABLE, random: randomBytes }),
  clock: Date.now,
  pageUrl: env.PAGE_URL,
  log: createLogger({ function: "subscription-api" }),
});

// Invocation: one link out of a mail, opened or acted on.
// Export.
export const handler = api;
