import { setTimeout } from "node:timers/promises";
import { emailWorkSchema } from "../core/queued-work.ts";
import { sqsBatch } from "../lambda/batch.ts";
import { boundedLog } from "../lambda/bounded-log.ts";
import { readEnv } from "../lambda/env.ts";
import { createLogger } from "../lambda/logger.ts";
import { noMail, sesMail } from "../providers/mail.ts";
import { sqsQueues } from "../providers/queues.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { sharedPace } from "../send-chunk/pace.ts";
import { readSendWork } from "../send-chunk/read-send-work.ts";
import { dynamoStores } from "../store/dynamo-stores.ts";
import { emailSender } from "./email-sender.ts";
import { envSchema } from "./env.ts";
import { handleEmailWork } from "./handle-email-work.ts";

// Cold start.
const env = readEnv(envSchema);
const log = createLogger({ function: "send-email" });
const clock = Date.now;
const { status, subscribers, ledger, access } = dynamoStores(env);
const queues = sqsQueues({ email: env.EMAIL_QUEUE_URL, letters: env.LETTERS_QUEUE_URL });
const mail = env.MAIL_FROM === null ? noMail : sesMail(env.CONFIGURATION_SET, env.MAIL_FROM);
const deps: SendDeps = {
  status,
  subscribers,
  ledger,
  queues,
  sender: emailSender({ ledger, access, mail, from: env.MAIL_FROM }),
  pace: sharedPace({
    use: "updates",
    access,
    schedule: "email",
    clock,
    sleep: (milliseconds) => setTimeout(milliseconds),
    log,
  }),
  clock,
  jitter: Math.random,
};
const letters = {
  subscribers,
  access,
  bounded: boundedLog(),
  mail,
  letters: queues,
  clock,
  pace: sharedPace({
    use: "letters",
    access,
    schedule: "email",
    clock,
    sleep: (milliseconds) => setTimeout(milliseconds),
    log,
  }),
};

// Invocation: one chunk, one retry, or one letter.
const run = sqsBatch(
  async ({ body }) => handleEmailWork(await readSendWork(emailWorkSchema, body, deps), deps, letters, log),
  log,
);

// Export.
export const handler = run;
