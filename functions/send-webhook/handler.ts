import { setTimeout } from "node:timers/promises";
import { webhookWorkSchema } from "../core/queued-work.ts";
import { sqsBatch } from "../lambda/batch.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { guardedHttps } from "../providers/https.ts";
import { sqsQueues } from "../providers/queues.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { unpaced } from "../send-chunk/pace.ts";
import { readSendWork } from "../send-chunk/read-send-work.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { envSchema } from "./env.ts";
import { handleWebhookWork } from "./handle-webhook-work.ts";
import { PROBE_BOUNDS, type ProbeDeps } from "./probe.ts";
import { webhookSender } from "./webhook-sender.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "send-webhook" });
const clock = Date.now;
const { status, subscribers, ledger, access } = dynamoStores(env);
const queues = sqsQueues({
  webhookRetry: env.WEBHOOK_RETRY_QUEUE_URL,
  probes: env.PROBES_QUEUE_URL,
  letters: env.LETTERS_QUEUE_URL,
  plan: env.PLAN_QUEUE_URL,
});
const https = guardedHttps(env.WEBHOOK_TARGETS);
const deps: SendDeps = {
  status,
  subscribers,
  ledger,
  queues,
  sender: webhookSender({ ledger, access, subscribers, https, quarantines: queues, clock }),
  pace: unpaced(clock, (milliseconds) => setTimeout(milliseconds)),
  clock,
  jitter: Math.random,
};

const probes: ProbeDeps = {
  subscribers,
  ledger,
  access,
  https: guardedHttps(env.WEBHOOK_TARGETS, PROBE_BOUNDS),
  probes: queues,
  letters: queues,
  clock,
};

// Invocation: one chunk, or some retries or probes.
const run = sqsBatch(
  async ({ body }) => handleWebhookWork(await readSendWork(webhookWorkSchema, body, deps), deps, probes, log),
  log,
);

// Export.
export const handler = run;
