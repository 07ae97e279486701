import { setTimeout } from "node:timers/promises";
import { smsWorkSchema } from "../core/queued-work.ts";
import { sqsBatch } from "../lambda/batch.ts";
import { boundedLog } from "../lambda/bounded-log.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { sqsQueues } from "../providers/queues.ts";
import { snsSms } from "../providers/sms.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { sharedPace } from "../send-chunk/pace.ts";
import { readSendWork } from "../send-chunk/read-send-work.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { envSchema } from "./env.ts";
import { handleSmsWork } from "./handle-sms-work.ts";
import { limitedSms } from "./limited-sms.ts";
import { smsSender } from "./sms-sender.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "send-sms" });
const clock = Date.now;
const { status, subscribers, ledger, access } = dynamoStores(env);
const queues = sqsQueues({ sms: env.SMS_QUEUE_URL, smsLetters: env.SMS_LETTERS_QUEUE_URL });
const sms = snsSms(env.SMS_MAX_PRICE, env.SMS_SENDER_ID);
const limits = {
  countries: env.SMS_COUNTRIES,
  maxPrice: env.SMS_MAX_PRICE,
  dailyCeiling: env.SMS_DAILY_CEILING,
};
const within = { access, clock, log };
const pace = sharedPace({
  use: "updates",
  access,
  schedule: "sms",
  clock,
  sleep: (milliseconds) => setTimeout(milliseconds),
  log,
});
const deps: SendDeps = {
  status,
  subscribers,
  ledger,
  queues,
  sender: smsSender({ ledger, subscribers, sms: limitedSms(sms, limits, "updates", within), clock }),
  pace,
  clock,
  jitter: Math.random,
};

const letters = {
  subscribers,
  access,
  bounded: boundedLog(),
  sms: limitedSms(sms, limits, "letters", within),
  smsLetters: queues,
  clock,
  pace,
};

// Invocation: one chunk, one retry, or one SMS that belongs to no update.
const run = sqsBatch(
  async ({ body }) => handleSmsWork(await readSendWork(smsWorkSchema, body, deps), deps, letters, log),
  log,
);

// Export.
export const handler = run;
