import { randomBytes } from "node:crypto";
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { renderChange } from "../compose/render-change.ts";
import { renderUpdate } from "../compose/render-update.ts";
import { planningWorkSchema, readWork } from "../core/queued-work.ts";
import { isStreamBatch, sqsBatch, streamBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { noLetters, sqsQueues } from "../providers/queues.ts";
import { snsTopic } from "../providers/topic.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { NO_SENDER } from "../templates/email/letter-email.tsx";
import { renderQuarantineMail } from "../templates/email/quarantine-email.tsx";
import { envSchema } from "./env.ts";
import { handlePlanning, type PlanningDeps, planAndTell } from "./handle-planning.ts";
import { planWorkOfImage } from "./wake.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "plan-notifications" });
const { status, subscribers, ledger, access } = dynamoStores(env);
const site = { pageUrl: env.PAGE_URL, subscriptionsUrl: env.SUBSCRIPTIONS_URL };
const queues = sqsQueues({
  email: env.EMAIL_QUEUE_URL,
  sms: env.SMS_QUEUE_URL,
  webhook: env.WEBHOOK_QUEUE_URL,
  letters: env.LETTERS_QUEUE_URL,
  plan: env.PLAN_QUEUE_URL,
});
const deps: PlanningDeps = {
  status,
  subscribers,
  ledger,
  access,
  queues,
  letters: env.MAIL_FROM === null ? noLetters : queues,
  quarantines: queues,
  topic: snsTopic(env.TOPIC_ARN),
  render: (source) => renderUpdate(source, site),
  renderChange: (source) => renderChange(source, site),
  renderQuarantine: (source) =>
    renderQuarantineMail({ ...source, pageUrl: env.PAGE_URL, mailFrom: env.MAIL_FROM ?? NO_SENDER }),
  clock: Date.now,
  log,
  random: randomBytes,
};

// Invocation: updates and component changes just written (the stream), or notices that it missed and mails to render (the queue).
const fromStream = streamBatch(async (record) => {
  await planAndTell(planWorkOfImage(record.dynamodb?.NewImage), deps);
}, log);
const fromQueue = sqsBatch(({ body }) => handlePlanning(readWork(planningWorkSchema, body), deps), log);

// Export.
export const handler = (batch: DynamoDBStreamEvent | SQSEvent): Promise<DynamoDBBatchResponse | SQSBatchResponse> =>
  isStreamBatch(batch) ? fromStream(batch) : fromQueue(batch);
