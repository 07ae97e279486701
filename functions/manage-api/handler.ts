import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { readableTexts } from "../compose/render-update.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { noLetters, sqsQueues } from "../providers/queues.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { dynamoKeyStore } from "../store/keys/dynamo-keys.ts";
import { dynamoClient } from "../store/table.ts";
import { renderConfirmationMail } from "../templates/email/confirmation-email.tsx";
import { NO_SENDER } from "../templates/email/letter-email.tsx";
import { manageApi } from "./api.ts";
import { envSchema } from "./env.ts";

// Cold start.
const env = readEnv(envSchema);
const client = dynamoClient();
const queues = sqsQueues({
  letters: env.LETTERS_QUEUE_URL,
  email: env.EMAIL_QUEUE_URL,
  sms: env.SMS_QUEUE_URL,
  webhookRetry: env.WEBHOOK_RETRY_QUEUE_URL,
});
const api = manageApi({
  ...dynamoStores(env, client),
  keys: dynamoKeyStore({ client, table: env.KEYS_TABLE }),
  hasMail: env.MAIL_FROM !== null,
  letters: env.MAIL_FROM === null ? noLetters : queues,
  resends: queues,
  renderConfirmation: ({ token, ...mail }) =>
    renderConfirmationMail({
      ...mail,
      pageUrl: env.PAGE_URL,
      mailFrom: env.MAIL_FROM ?? NO_SENDER,
      confirmUrl: `${env.SUBSCRIPTIONS_URL}/confirm/${token}`,
      declineUrl: `${env.SUBSCRIPTIONS_URL}/decline/${token}`,
    }),
  previewTexts: (source) =>
    readableTexts(source, {
      pageUrl: env.PAGE_URL,
      subscriptionsUrl: env.SUBSCRIPTIONS_URL,
    }),
  clock: Date.now,
  random: randomBytes,
  sleep: (milliseconds) => setTimeout(milliseconds),
  jitter: Math.random,
  pageUrl: env.PAGE_URL,
  smsCountries: env.SMS_COUNTRIES,
  smsMaxPriceUsd: env.SMS_MAX_PRICE,
  smsDailyCeilingUsd: env.SMS_DAILY_CEILING,
  webhookTargets: env.WEBHOOK_TARGETS,
  log: createLogger({ function: "manage-api" }),
});

// Invocation: one request of an operator, a script or a Statuspage client.
// Export.
export const handler = api;
