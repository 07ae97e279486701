import { randomBytes } from "node:crypto";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { publishWorkSchema, readWork } from "../core/queued-work.ts";
import { isStreamBatch, sqsBatch, streamBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { s3Site } from "../providers/site.ts";
import { dynamoStatusStore } from "../store/status/dynamo-status.ts";
import { dynamoClient } from "../store/table.ts";
import { envSchema } from "./env.ts";
import { type PublishDeps, publishPage } from "./publish-page.ts";
import { oncePerPage, pageIdOfKeys } from "./wake.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "publish-page" });
const deps: PublishDeps = {
  // It posts nothing, so it needs no table for notices.
  status: dynamoStatusStore({ client: dynamoClient(), statusTable: env.STATUS_TABLE, deliveriesTable: "" }),
  site: s3Site({ bucket: env.SITE_BUCKET }),
  clock: Date.now,
  random: randomBytes,
  pageUrl: env.PAGE_URL,
  signUp: {
    subscriptionsUrl: env.SUBSCRIPTIONS_URL,
    hasMail: env.MAIL === "on",
    smsCountries: [...env.SMS_COUNTRIES],
    elsewhere: env.SIGN_UP_PAGE_URL,
  },
  build: env.PAGE_BUILD,
};

// Invocation: pages that changed (the stream), or whose files are behind (the queue).
async function publish(pageId: string): Promise<void> {
  const outcome = await publishPage(pageId, deps);
  log.info("page", { pageId, ...outcome });
}

// Export.
export const handler = (batch: DynamoDBStreamEvent | SQSEvent): Promise<DynamoDBBatchResponse | SQSBatchResponse> => {
  const once = oncePerPage(publish);
  return isStreamBatch(batch)
    ? streamBatch((record) => once(pageIdOfKeys(record.dynamodb?.Keys)), log)(batch)
    : sqsBatch(({ body }) => once(readWork(publishWorkSchema, body).pageId), log)(batch);
};
