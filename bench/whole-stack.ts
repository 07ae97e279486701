import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { RECIPIENTS_PER_CHUNK } from "../functions/core/chunk.ts";
import { putAll } from "../functions/store/repeat.ts";
import { subscriberKey } from "../functions/store/subscribers/subscriber-items.ts";
import { toItem } from "../functions/store/table.ts";
import { freePorts } from "../infra/local/listen.ts";
import { startLocalStack } from "../infra/local/local-stack.ts";
import { sdkEnvironment } from "../infra/local/services.ts";
import { type Bench, compare, median, rounded } from "./measurement.ts";
import { startReceiver } from "./receiver.ts";
import { webhookSubscriber } from "./scene.ts";
import type { FloorOrder } from "./whole-stack-floor.ts";

const ROUNDS = 5;
const MOST = 1.5;
/** In which the page, the bookkeeping and the counts of a round end before the next. */
const PAUSE_MS = 2_000;
/** As the stacks give them to webhooks. */
const INVOCATIONS = 10;

const incidentSchema = z.object({ id: z.string() });
const readySchema = z.literal("ready");

/**
 * The whole local stack: from the API's 201 to the last of N webhooks. Its floor makes the calls that cannot be
 * avoided to the same emulators and endpoint, on one thread and without any logic: one FIFO entry for each chunk, its
 * claim and end, its part of the audience, one row for each recipient, ready-made POSTs.
 */
export const bench: Bench = async ({ webhooks, progress }) => {
  const receiver = await startReceiver();
  const dataDir = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const [page = 0, manage = 0, subscriptions = 0, outbox = 0] = await freePorts(4);
  const stack = await startLocalStack({
    ports: { page, manage, subscriptions, outbox },
    dataDir,
    webhookTargets: "any",
    mailRate: 200,
    sweepSeconds: 60,
    dynamodb: null,
    report: () => {},
  });
  let floor: Worker | null = null;
  try {
    const { api, pageId, apiKey } = stack.endpoints;
    const { dynamodb, sqs } = stack.clients;
    const subscribersTable = await stack.output("SubscribersTableName");
    const subscribers = Array.from({ length: webhooks }, () => webhookSubscriber(pageId, receiver.url));
    const items = subscribers.map((one) => toItem({ ...subscriberKey(pageId, one.channel, one.id), ...one }));
    await putAll(dynamodb, subscribersTable, items, randomBytes);
    progress(`${webhooks} subscribers`);

    const made = await sqs.send(
      new CreateQueueCommand({ QueueName: "floor.fifo", Attributes: { FifoQueue: "true", VisibilityTimeout: "70" } }),
    );
    const order: FloorOrder = {
      pageId,
      queueUrl: made.QueueUrl ?? "",
      subscribersTable,
      deliveriesTable: await stack.output("DeliveriesTableName"),
      chunks: Math.ceil(webhooks / RECIPIENTS_PER_CHUNK.webhook),
      invocations: INVOCATIONS,
      body: JSON.stringify({ page: { id: pageId }, incident: { text: "x".repeat(1_500) } }),
    };
    const emulators = {
      dynamodb: await endpointOf(dynamodb),
      fauxqs: await endpointOf(sqs),
      ses: "http://127.0.0.1:9",
    };
    floor = new Worker(new URL("./whole-stack-floor.ts", import.meta.url), {
      workerData: order,
      env: { ...sdkEnvironment(emulators), AWS_CONFIG_FILE: join(dataDir, "no-config") },
    });
    readySchema.parse((await once(floor, "message"))[0]);
    const floorThread = floor;

    const ours = async () => {
      const last = receiver.expect(webhooks);
      const answer = await fetch(`${api}/pages/${pageId}/incidents`, {
        method: "POST",
        headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ incident: { name: "Outage", status: "investigating", body: "x".repeat(1_000) } }),
      });
      const answeredAt = Date.now();
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
      incidentSchema.parse(await answer.json());
      const took = (await last) - answeredAt;
      await setTimeout(PAUSE_MS);
      return took;
    };
    let round = 0;
    const limit = async () => {
      const last = receiver.expect(webhooks);
      const ended = once(floorThread, "message");
      const startedAt = Date.now();
      round += 1;
      floorThread.postMessage({ round });
      const took = (await last) - startedAt;
      await ended;
      await setTimeout(PAUSE_MS);
      return took;
    };
    const compared = await compare(ROUNDS, ours, limit, progress);
    const [mine, theirs] = [median(compared.ours), median(compared.limit)];
    return {
      findings: [
        {
          what: `201 to the last of ${webhooks} webhooks, against its floor`,
          result: `${rounded(mine)} and ${rounded(theirs)} ms: ${rounded(compared.ratio, 2)} x by rounds`,
          goal: `<= ${MOST} x`,
          met: compared.ratio <= MOST,
        },
        {
          what: "webhooks a second, whole stack",
          result: `${rounded((webhooks / mine) * 1_000)}`,
          goal: null,
          met: null,
        },
      ],
      details: { webhooks, chunks: order.chunks, milliseconds: compared },
    };
  } finally {
    await floor?.terminate();
    await stack.stop();
    await receiver.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** The base URL that a client of the stack calls. */
async function endpointOf(client: { config: { endpoint?: (() => Promise<Address>) | undefined } }): Promise<string> {
  const address = await client.config.endpoint?.();
  if (address === undefined) throw new Error("a client without an endpoint");
  return `${address.protocol}//${address.hostname}:${address.port}`;
}

interface Address {
  protocol: string;
  hostname: string;
  port?: number;
}
