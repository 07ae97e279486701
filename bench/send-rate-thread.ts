import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod";
import { chunksFor } from "../functions/core/chunk.ts";
import { pageSchema } from "../functions/core/page.ts";
import type { IncidentCommit } from "../functions/core/posting.ts";
import { renderingSchema } from "../functions/core/rendering.ts";
import { createLogger } from "../functions/lambda/logger.ts";
import { type Mail, sesMail } from "../functions/providers/mail.ts";
import type { SendDeps } from "../functions/send-chunk/channel-sender.ts";
import { sharedPace } from "../functions/send-chunk/pace.ts";
import { runChunk } from "../functions/send-chunk/run-chunk.ts";
import { emailSender } from "../functions/send-email/email-sender.ts";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { dynamoClient } from "../functions/store/table.ts";
import { memoryLedger } from "../tests/fakes/memory-ledger.ts";
import { memoryStatusStore } from "../tests/fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../tests/fakes/memory-subscriber-store.ts";
import { memoryQueues } from "../tests/fakes/queues.ts";
import { emailSubscriber, updateRefOf } from "./scene.ts";

const port = parentPort;
if (port === null) throw new Error("send-rate-thread.ts runs as a worker thread only");

const orderSchema = z.object({
  accessTable: z.string(),
  page: pageSchema,
  commit: z.custom<IncidentCommit>((value) => typeof value === "object"),
  rendering: renderingSchema,
  recipients: z.number(),
  ratePerSecond: z.number(),
  /** Epoch ms; no chunk is begun after it. */
  endAt: z.number(),
});
export type RateSenderOrder = z.infer<typeof orderSchema>;

// One invocation after another of send-email, on an audience of its own in memory; only the schedule is shared.
const { accessTable, page, commit, rendering, recipients, ratePerSecond, endAt } = orderSchema.parse(workerData);
const { update } = commit;
if (update === null) throw new Error("nothing to send");
const clock = Date.now;
const ledger = memoryLedger();
const status = memoryStatusStore({ putNotice: (notice) => ledger.putNotice(notice) });
await status.createPage(page);
await status.commitIncident(commit);
await ledger.keepRendering({ pageId: page.id, updateId: update.id, format: "email", locale: "en" }, rendering, clock());
const subscribers = memorySubscriberStore();
for (let count = 0; count < recipients; count += 1) await subscribers.create(emailSubscriber(page.id));
const access = dynamoAccessStore({ client: dynamoClient(), table: accessTable, random: randomBytes });
const ses = sesMail("local", "status@example.com");
/** When each throttle came, epoch ms. */
const throttles: number[] = [];
const mail: Mail = {
  async send(one) {
    const outcome = await ses.send(one);
    if (outcome.outcome === "throttled") throttles.push(clock());
    return outcome;
  },
};
const pace = sharedPace({
  use: "updates",
  access,
  schedule: "email",
  clock,
  sleep: (milliseconds) => setTimeout(milliseconds),
  log: createLogger({}, { info() {}, warn() {}, error() {} }),
});
/** How long after its slot each send came to its turn, in milliseconds. */
const lateness: number[] = [];
const deps: SendDeps = {
  status,
  subscribers,
  ledger,
  queues: memoryQueues(clock).ports,
  sender: emailSender({ ledger, access, mail, from: "status@example.com" }),
  pace: {
    ...pace,
    async waitUntil(instant) {
      await pace.waitUntil(instant);
      lateness.push(clock() - instant);
    },
  },
  clock,
  jitter: Math.random,
};

const of = chunksFor("email", recipients, ratePerSecond);
for (let chunk = 0; chunk < of && clock() < endAt; chunk += 1) {
  await runChunk({ kind: "chunk", ...updateRefOf(update), channel: "email", chunk, of, resend: 0 }, deps);
}
const deliveries = ledger.allDeliveries();
const accepted = deliveries.filter(({ state }) => state === "accepted").length;
port.postMessage({ accepted, otherwise: deliveries.length - accepted, throttles, lateness });
