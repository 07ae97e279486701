import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { newId } from "../../functions/core/ids.ts";
import { seededRandom } from "../../functions/core/seeded-random.ts";
import { ALL_UPDATES, type Subscriber } from "../../functions/core/subscriber.ts";
import { sdkLogger } from "../../functions/lambda/sdk-logger.ts";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import { dynamoSubscriberStore } from "../../functions/store/subscribers/dynamo-subscribers.ts";
import { openDataDir } from "../../infra/local/data-dir.ts";
import { startDynoxide } from "../../infra/local/emulators/dynoxide.ts";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { afterTheFile, temporaryFolder } from "../fixtures/clean-up.ts";
import { atRest, until } from "../fixtures/progress.ts";
import { callApi, freePorts, type LocalProcess, startProcess } from "./local-process.ts";

/** Recipients on each of the two channels. `npm run test:crash` sets it; otherwise this is skipped: it takes many minutes. */
const EACH = Number(process.env.TOCSIN_CRASH_EACH ?? 0);
const KILLS = Number(process.env.TOCSIN_CRASH_KILLS ?? 3);
const SEED = process.env.TOCSIN_CRASH_SEED ?? "20261123";
const MAILS_PER_SECOND = 1_000;
/** Chunks in flight at once, as the stacks allow: an invocation sends some 150 mails a second. */
const AT_ONCE = { email: Math.ceil(MAILS_PER_SECOND / 150), webhook: 10 };
const WINDOW = 25;
const CREATED_AT_ONCE = 64;
/** Looks that see nothing new after the last one was told, while retries of what was in doubt are recorded: ten seconds. */
const QUIET_LOOKS = 200;

const random = seededRandom(SEED);
/** Uniform in [0, 1). */
const uniform = () => Buffer.from(random(4)).readUInt32BE() / 2 ** 32;

/** The receivers' own log: webhook-ids by path, in order of arrival. */
const received = new Map<string, string[]>();
let server: Server;
let hooks: string;
let data: string;
let running: LocalProcess | null = null;

const later = afterTheFile();
beforeAll(async () => {
  if (EACH === 0) return;
  server = createServer((request, response) => {
    const path = request.url ?? "";
    request.resume().on("end", () => {
      received.set(path, [...(received.get(path) ?? []), String(request.headers["webhook-id"])]);
      response.writeHead(204).end();
    });
  });
  hooks = `http://127.0.0.1:${await listen(server, 0)}`;
  later(() => closeServer(server));
  const folder = await temporaryFolder("crash");
  data = folder.path;
  later(folder.remove);
  later(() => running?.end("SIGTERM"));
});

it(`${EACH} webhooks and ${EACH} emails are all told through ${KILLS} kills`, async ({ skip }) => {
  skip(EACH === 0, "thousands of recipients through kills: npm run test:crash");
  const start = async () => {
    running = await startProcess({
      port: await freePorts(),
      data,
      arguments: ["--sweep-seconds", "5", "--mail-rate", String(MAILS_PER_SECOND)],
    });
    return running;
  };
  // Once, for the page and its tables; subscribers are put into the database while nothing else runs on it.
  const { endpoints, end } = await start();
  await end("SIGTERM");
  const creating = Date.now();
  await atDatabase((client, tables) => createSubscribers(client, tables.subscribers, endpoints.pageId));
  const createdMs = Date.now() - creating;

  let local = await start();
  const began = Date.now();
  const posted = await callApi(local.endpoints, "POST", "/incidents", {
    incident: { name: "Outage", status: "investigating", body: "We are looking." },
  });
  expect(posted.status).toBe(201);
  const { incident_updates } = z
    .object({ incident_updates: z.tuple([z.object({ id: z.string() })]) })
    .parse(posted.json);
  const updateId = incident_updates[0].id;

  const kills: string[] = [];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = await told();
    // From the first sign that it is sending again: within what it would need for the rest, by its seed.
    await until("the next one", async () => (await told()) > before || isComplete(await logs()));
    await setTimeout(500 + uniform() * 8_000);
    await local.end("SIGKILL");
    const { emails } = await logs();
    kills.push(`${Math.round((Date.now() - began) / 1_000)} s (${received.size} webhooks, ${emails.size} emails)`);
    local = await start();
  }
  await until("all of them", async () => isComplete(await logs()), { moving: told });
  const seconds = Math.round((Date.now() - began) / 1_000);
  await atRest(told, QUIET_LOOKS);
  expect(await local.end("SIGTERM")).toBe(0);

  const { emails } = await logs();
  const twice = {
    webhook: [...received.values()].filter((ids) => ids.length > 1).length,
    email: [...emails.values()].filter((times) => times > 1).length,
  };
  console.info(
    [
      `seed ${SEED}: subscribers created in ${createdMs} ms; killed at ${kills.join(", ")}`,
      `all ${2 * EACH} told after ${seconds} s; twice: ${twice.webhook} webhooks, ${twice.email} emails`,
    ].join("\n"),
  );
  // Nobody missing, no stranger.
  expect([...received.keys()].sort()).toEqual(range((index) => `/${index}`).sort());
  expect([...emails.keys()].sort()).toEqual(range(addressAt).sort());
  // Doubled under the same id, so that the receiver can tell; and only what was in flight at a kill.
  for (const ids of received.values()) expect(new Set(ids).size).toBe(1);
  expect(twice.webhook).toBeLessThanOrEqual(KILLS * AT_ONCE.webhook * WINDOW);
  expect(twice.email).toBeLessThanOrEqual(KILLS * AT_ONCE.email * WINDOW);
  await atDatabase(async (client, tables) => {
    const ledger = dynamoLedger({ client, table: tables.deliveries, random });
    const chunks = await ledger.listChunks(endpoints.pageId, updateId);
    const counted = (channel: string) =>
      chunks.filter((chunk) => chunk.channel === channel).reduce((sum, { counts }) => sum + counts.accepted, 0);
    expect(chunks.filter(({ state, window }) => state !== "done" || window.length > 0)).toEqual([]);
    expect({ email: counted("email"), webhook: counted("webhook") }).toEqual({ email: EACH, webhook: EACH });
  });
});

const range = <T>(make: (index: number) => T) => Array.from({ length: EACH }, (_, index) => make(index));
const addressAt = (index: number) => `reader-${index}@subscriber.example`;

/** The tables, with nothing else at work on them. */
async function atDatabase(
  run: (client: DynamoDBClient, tables: { subscribers: string; deliveries: string }) => Promise<void>,
): Promise<void> {
  const dir = await openDataDir(data);
  const dynoxide = await startDynoxide(dir);
  try {
    const client = new DynamoDBClient({
      endpoint: dynoxide.url,
      region: "eu-central-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
      logger: sdkLogger,
    });
    const { TableNames: names = [] } = await client.send(new ListTablesCommand({}));
    const named = (part: string) => {
      const name = names.find((candidate) => candidate.includes(part));
      if (name === undefined) throw new Error(`no table of ${part} among ${names.join(", ")}`);
      return name;
    };
    await run(client, { subscribers: named("Subscribers"), deliveries: named("Deliveries") });
  } finally {
    await dynoxide.stop();
    await dir.close();
  }
}

async function createSubscribers(client: DynamoDBClient, table: string, pageId: string): Promise<void> {
  const store = dynamoSubscriberStore({ client, table });
  const all = [
    ...range((index) => aSubscriber(pageId, "webhook", index)),
    ...range((index) => aSubscriber(pageId, "email", index)),
  ];
  for (let first = 0; first < all.length; first += CREATED_AT_ONCE) {
    await Promise.all(all.slice(first, first + CREATED_AT_ONCE).map((subscriber) => store.create(subscriber)));
  }
}

function aSubscriber(pageId: string, channel: "email" | "webhook", index: number): Subscriber {
  const now = Date.now();
  const common = {
    pageId,
    id: newId(random),
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: now,
    updatedAt: now,
    confirmedAt: now,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
  return channel === "email"
    ? { ...common, channel, email: addressAt(index) }
    : {
        ...common,
        channel,
        endpoint: `${hooks}/${index}`,
        contactEmail: null,
        format: "statuspage" as const,
        statuses: null,
        secretVersion: 1,
      };
}

interface Logs {
  /** How often each address got it. */
  emails: Map<string, number>;
}

/** The outbox's file is read from where the last reading stopped: by the end it has a hundred megabytes. */
const emails = new Map<string, number>();
let readBytes = 0;

async function logs(): Promise<Logs> {
  const file = createReadStream(join(data, "outbox.jsonl"), { start: readBytes });
  const lines = createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const to = /^\{"kind":"email","id":"[^"]*","to":"([^"]+)".*\}$/.exec(line)?.[1];
    // The last line may be in the middle of being written.
    if (to === undefined) break;
    emails.set(to, (emails.get(to) ?? 0) + 1);
    readBytes += Buffer.byteLength(line) + 1;
  }
  return { emails };
}

async function told(): Promise<number> {
  await logs();
  return received.size + emails.size;
}

function isComplete(known: Logs): boolean {
  return received.size >= EACH && known.emails.size >= EACH;
}
