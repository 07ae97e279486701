import { setTimeout } from "node:timers/promises";
import { sqsBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { sqsQueues } from "../providers/queues.ts";
import { snsSms } from "../providers/sms.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import { sharedPace } from "../send-chunk/pace.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { envSchema } from "./env.ts";
import { smsSender } from "./sms-sender.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "send-sms" });
const clock = Date.now;
const { status, subscribers, ledger, access } = dynamoStores(env);
const deps: SendDeps = {
  status,
  subscribers,
  ledger,
  queues: sqsQueues({ sms: env.SMS_QUEUE_URL }),
  sender: smsSender({ ledger, subscribers, sms: snsSms(env.SMS_MAX_PRICE), clock }),
  pace: sharedPace({
    use: "updates",
    access,
    schedule: "sms",
    clock,
    sleep: (milliseconds) => setTimeout(milliseconds),
  }),
  clock,
  jitter: Math.random,
};

// Invocation: one chunk, or one retry.
const run = sqsBatch(({ body }) => handleWork(body, deps, log), log);

// Export.
export const handler = run;
