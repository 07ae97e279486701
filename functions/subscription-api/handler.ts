import { randomBytes } from "node:crypto";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { siteVerify } from "../providers/captcha.ts";
import { noLetters, sqsQueues } from "../providers/queues.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { NO_SENDER } from "../templates/email/letter-email.tsx";
import { subscriptionApi } from "./api.ts";
import { webhookRenderersFor } from "./endpoints/webhook-renderers.ts";
import { envSchema } from "./env.ts";
import { servedPageOf } from "./page-of.ts";
import { renderersFor } from "./renderers.ts";

// Cold start.
const env = readEnv(envSchema);
const mailFrom = env.MAIL_FROM ?? NO_SENDER;
const site = { pageUrl: env.PAGE_URL, subscriptionsUrl: env.SUBSCRIPTIONS_URL };
const queues = sqsQueues({
  letters: env.LETTERS_QUEUE_URL,
  smsLetters: env.SMS_LETTERS_QUEUE_URL,
  // Replays go there too: somebody who proved an endpoint is still a stranger, and the endpoint may be silent by now.
  webhookRetry: env.PROBES_QUEUE_URL,
  probes: env.PROBES_QUEUE_URL,
});
const stores = dynamoStores(env);
const api = subscriptionApi({
  ...stores,
  servedPage: servedPageOf(stores.status),
  hasMail: env.MAIL_FROM !== null,
  letters: env.MAIL_FROM === null ? noLetters : queues,
  smsLetters: queues,
  resends: queues,
  probes: queues,
  ...renderersFor({ ...site, mailFrom }),
  ...webhookRenderersFor({ ...site, mailFrom }),
  random: randomBytes,
  clock: Date.now,
  ...site,
  smsCountries: env.SMS_COUNTRIES,
  webhookTargets: env.WEBHOOK_TARGETS,
  captcha:
    env.CAPTCHA_VERIFY_URL === null ? null : siteVerify({ url: env.CAPTCHA_VERIFY_URL, secret: env.CAPTCHA_SECRET }),
  log: createLogger({ function: "subscription-api" }),
});

// Invocation: one form, one program's request, or one link from a mail, opened or acted on.
export const handler = api;
