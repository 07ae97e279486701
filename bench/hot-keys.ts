import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { AttemptOutcome } from "../functions/core/attempt.ts";
import { readWork, sendWorkSchema } from "../functions/core/queued-work.ts";
import type { Channel } from "../functions/core/subscriber.ts";
import { createLogger } from "../functions/lambda/logger.ts";
import { planNotice } from "../functions/plan-notifications/plan.ts";
import type { SendDeps } from "../functions/send-chunk/channel-sender.ts";
import { handleWork } from "../functions/send-chunk/handle-work.ts";
import { sharedPace, unpaced } from "../functions/send-chunk/pace.ts";
import { emailSender } from "../functions/send-email/email-sender.ts";
import { webhookSender } from "../functions/send-webhook/webhook-sender.ts";
import { dynamoStores, type Stores } from "../functions/store/dynamo-stores.ts";
import { putAll } from "../functions/store/repeat.ts";
import { subscriberKey } from "../functions/store/subscribers/subscriber-items.ts";
import { toItem } from "../functions/store/table.ts";
import { openDataDir } from "../infra/local/data-dir.ts";
import { startDynoxide } from "../infra/local/emulators/dynoxide.ts";
import { clientsFor } from "../infra/local/services.ts";
import { createTables, tableNames } from "../tests/contract/tables.ts";
import { memoryQueues } from "../tests/fakes/queues.ts";
import { type KeyUse, meterKeys } from "./key-meter.ts";
import { type Bench, type Finding, rounded } from "./measurement.ts";
import { emailSubscriber, openedIncident, updateOf, webhookSubscriber } from "./scene.ts";

/** Modelled: recipients a second, on one channel, of one update. */
const RATE = 25_000;
/** DynamoDB's limits of a partition are 1,000 and 3,000 units a second (its guide, "Burst and adaptive capacity"). */
const MOST = { writeUnits: 500, readUnits: 1_500 };

/** Half a second's. */
const RECIPIENTS = 12_500;
/** Function instances, each with stores of its own. */
const INSTANCES = 8;

const QUIET = createLogger({}, { info() {}, warn() {}, error() {} });

interface Scenario {
  name: string;
  channel: Exclude<Channel, "sms">;
  /** Chunks are sent in the order that they were queued in: so many parts of them are looked at, each for itself. */
  parts: number;
  outcome: () => AttemptOutcome;
}

const ACCEPTED = (): AttemptOutcome => ({ outcome: "accepted", providerId: randomBytes(30).toString("hex") });

const SCENARIOS: readonly Scenario[] = [
  { name: "email", channel: "email", parts: 2, outcome: ACCEPTED },
  { name: "webhooks", channel: "webhook", parts: 2, outcome: ACCEPTED },
  {
    name: "email, all refused",
    channel: "email",
    parts: 1,
    outcome: () => ({ outcome: "rejected", reason: "message rejected" }),
  },
  {
    name: "email, all to be retried",
    channel: "email",
    parts: 1,
    outcome: () => ({ outcome: "unavailable", reason: "provider unavailable", retryAfterMs: null }),
  },
];

/** Units of the hottest key of a kind, in a second at the modelled rate; and those of all its keys, for each recipient. */
interface Kind {
  kind: string;
  keys: number;
  writesEach: number;
  readsEach: number;
  hottest: { writeUnits: number; readUnits: number };
}

/**
 * What one update at a modelled rate takes of each key of the tables: the real stores, planner and senders run against
 * the local emulator, part by part in the order of the queue, and every call's units are added up by key.
 */
export const bench: Bench = async ({ progress }) => {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const dir = await openDataDir(folder);
  const dynoxide = await startDynoxide(dir);
  const { dynamodb: client } = clientsFor({ dynamodb: dynoxide.url, fauxqs: dynoxide.url, ses: dynoxide.url });
  const meter = meterKeys(client);
  try {
    const findings: Finding[] = [];
    const details: Record<string, Kind[]> = {};
    for (const [index, scenario] of SCENARIOS.entries()) {
      progress(`${scenario.name}: ${RECIPIENTS} recipients`);
      const kinds = await run(scenario, `hot${index}`, client, () => meter.take());
      details[scenario.name] = kinds;
      for (const kind of kinds) findings.push(findingOf(scenario, kind));
    }
    return { findings, details: { rate: RATE, recipients: RECIPIENTS, scenarios: details } };
  } finally {
    await dynoxide.stop();
    await dir.close();
    await rm(folder, { recursive: true, force: true });
  }
};

function findingOf({ name }: Scenario, { kind, keys, writesEach, readsEach, hottest }: Kind): Finding {
  const { writeUnits, readUnits } = hottest;
  return {
    what: `${name}: ${kind}`,
    result: `${rounded(writeUnits)} WCU, ${rounded(readUnits)} RCU (${keys} keys; ${rounded(writesEach, 3)} and ${rounded(readsEach, 3)} each)`,
    goal: `<= ${MOST.writeUnits}, ${MOST.readUnits}`,
    met: writeUnits <= MOST.writeUnits && readUnits <= MOST.readUnits,
  };
}

async function run(
  { channel, parts, outcome }: Scenario,
  prefix: string,
  client: DynamoDBClient,
  take: () => KeyUse[],
): Promise<Kind[]> {
  const names = tableNames(prefix);
  await createTables(client, names);
  const newStores = () =>
    dynamoStores(
      {
        STATUS_TABLE: names.status,
        SUBSCRIBERS_TABLE: names.subscribers,
        DELIVERIES_TABLE: names.deliveries,
        ACCESS_TABLE: names.access,
      },
      client,
    );
  const stores = newStores();
  const { status, ledger, access } = stores;
  const clock = Date.now;
  const scene = await openedIncident();
  const { pageId, id: updateId } = updateOf(scene);
  await status.createPage(scene.page);
  await status.saveCatalog(pageId, scene.catalog, null);
  await access.saveRate("email", { perSecond: RATE, leftToday: null }, clock());
  await access.makeSigningKey(pageId);
  const audience = Array.from({ length: RECIPIENTS }, () => {
    const one = channel === "email" ? emailSubscriber(pageId) : webhookSubscriber(pageId, "https://hooks.example");
    return toItem({ ...subscriberKey(pageId, channel, one.id), ...one });
  });
  await putAll(client, names.subscribers, audience, randomBytes);
  await status.commitIncident(scene.commit);

  const queues = memoryQueues(clock);
  await planNotice(
    { pageId, updateId },
    {
      ...stores,
      queues: queues.ports,
      topic: { publish: async () => ({ outcome: "published" }) },
      render: async () => scene.rendered,
      renderChange: () => scene.rendered,
      clock,
    },
  );
  const chunks: string[] = [];
  for (let entry = queues.receive(); entry !== null; entry = queues.receive()) {
    if (entry.queue === channel) chunks.push(entry.body);
    entry.settle(true);
  }
  // What the planner does once is no part of the rate.
  take();
  const instances = Array.from({ length: INSTANCES }, () => instanceOf(newStores(), channel, queues.ports, outcome));
  const inPart = Math.ceil(chunks.length / parts);
  const used: KeyUse[][] = [];
  for (let first = 0; first < chunks.length; first += inPart) {
    const waiting = chunks.slice(first, first + inPart);
    await Promise.all(
      instances.map(async (deps) => {
        for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
          await handleWork(readWork(sendWorkSchema, body), deps, QUIET);
        }
      }),
    );
    used.push(take());
  }
  const done = (await ledger.listChunks(pageId, updateId)).reduce(
    (sum, { counts }) => sum + counts.accepted + counts.failed + counts.open,
    0,
  );
  if (done !== RECIPIENTS) throw new Error(`${done} of ${RECIPIENTS} were sent to`);
  return kindsOf(used, prefix, RECIPIENTS / parts);
}

function instanceOf(
  { status, subscribers, ledger, access }: Stores,
  channel: Scenario["channel"],
  queues: ReturnType<typeof memoryQueues>["ports"],
  outcome: () => AttemptOutcome,
): SendDeps {
  const clock = Date.now;
  const sleep = (milliseconds: number) => setTimeout(milliseconds);
  const common = { status, subscribers, ledger, queues, clock, jitter: Math.random };
  switch (channel) {
    case "email":
      return {
        ...common,
        sender: emailSender({ ledger, access, mail: { send: async () => outcome() }, from: "status@example.com" }),
        pace: sharedPace({ use: "updates", access, schedule: "email", clock, sleep, log: QUIET }),
      };
    case "webhook": {
      const https = { post: async () => outcome() };
      return {
        ...common,
        sender: webhookSender({ ledger, access, subscribers, https, quarantines: queues, clock }),
        pace: unpaced(clock, sleep),
      };
    }
  }
}

/** `each`: how many recipients a part has. */
function kindsOf(parts: readonly KeyUse[][], prefix: string, each: number): Kind[] {
  const kinds = new Map<string, Kind & { names: Set<string> }>();
  for (const part of parts) {
    for (const { key, writeUnits, readUnits } of part) {
      const name = kindOf(key.slice(prefix.length + 1));
      const kind = kinds.get(name) ?? {
        kind: name,
        keys: 0,
        names: new Set(),
        writesEach: 0,
        readsEach: 0,
        hottest: { writeUnits: 0, readUnits: 0 },
      };
      kinds.set(name, kind);
      kind.names.add(key);
      kind.keys = kind.names.size;
      kind.writesEach += writeUnits / RECIPIENTS;
      kind.readsEach += readUnits / RECIPIENTS;
      kind.hottest.writeUnits = Math.max(kind.hottest.writeUnits, (writeUnits / each) * RATE);
      kind.hottest.readUnits = Math.max(kind.hottest.readUnits, (readUnits / each) * RATE);
    }
  }
  return [...kinds.values()]
    .map(({ names: _names, ...kind }) => kind)
    .sort((a, b) => b.hottest.writeUnits * 3 + b.hottest.readUnits - a.hottest.writeUnits * 3 - a.hottest.readUnits);
}

/** The key without what differs among those of its kind. */
function kindOf(key: string): string {
  return key
    .replace(/#[0-9a-f]{64}/g, "#<hash>")
    .replace(/#[a-z0-9]{12}(?=#|$)/g, "#<id>")
    .replace(/#\d+$/, "#<n>");
}
