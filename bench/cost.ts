import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readWork, sendWorkSchema } from "../functions/core/queued-work.ts";
import { CHANNELS, type Channel } from "../functions/core/subscriber.ts";
import { unreachable } from "../functions/core/unreachable.ts";
import { createLogger } from "../functions/lambda/logger.ts";
import { planNotice } from "../functions/plan-notifications/plan.ts";
import type { Https } from "../functions/providers/https.ts";
import type { SendDeps } from "../functions/send-chunk/channel-sender.ts";
import { handleWork } from "../functions/send-chunk/handle-work.ts";
import { sharedPace, unpaced } from "../functions/send-chunk/pace.ts";
import { emailSender } from "../functions/send-email/email-sender.ts";
import { limitedSms } from "../functions/send-sms/limited-sms.ts";
import { smsSender } from "../functions/send-sms/sms-sender.ts";
import { webhookSender } from "../functions/send-webhook/webhook-sender.ts";
import type { SendSchedule } from "../functions/store/access/access-store.ts";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { dynamoLedger } from "../functions/store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../functions/store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../functions/store/subscribers/dynamo-subscribers.ts";
import { sweep } from "../functions/sweep/sweep.ts";
import { openDataDir } from "../infra/local/data-dir.ts";
import { startDynoxide } from "../infra/local/emulators/dynoxide.ts";
import { clientsFor } from "../infra/local/services.ts";
import { createTables, tableNames } from "../tests/contract/tables.ts";
import { memoryQueues } from "../tests/fakes/queues.ts";
import { costOf } from "./aws-prices.ts";
import { type ChannelCount, type Counted, type SweepCount, sendingOf, storageOf } from "./cost-model.ts";
import { meterDynamo } from "./dynamo-meter.ts";
import { type Bench, inLanes, rounded } from "./measurement.ts";
import { emailSubscriber, openedIncident, smsSubscriber, updateOf, webhookSubscriber } from "./scene.ts";

const RECIPIENTS = 2_000;
const RATE = 1_000;
const MILLION = 1_000_000;
/** What the bodies of bench/scene.ts come to as a request, with its headers. */
const REQUEST_HEADER_BYTES = 600;
const COUNTED = join(import.meta.dirname, "counted.json");

const LOCAL = "http://127.0.0.1:9";
const SMS_LIMITS = { countries: new Set(["DE"]), maxPrice: 0.15, dailyCeiling: 1_000 };
const quiet = createLogger({}, { info() {}, warn() {}, error() {} });
const sleep = (milliseconds: number) => setTimeout(milliseconds);

/**
 * One update on each channel to an audience of the emulator's tables: planned, sent in chunks, recorded; every table
 * call counted on its way out. And one sweep of a page where nothing happens. The counts go to bench/counted.json, which
 * `cost-model` turns into docs/cost.md.
 */
export const bench: Bench = async ({ progress }) => {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const dir = await openDataDir(folder);
  const dynoxide = await startDynoxide(dir);
  try {
    const count = (channel: Channel) => countChannel(channel, dynoxide.url, progress);
    const counted: Counted = {
      email: await count("email"),
      webhook: await count("webhook"),
      sms: await count("sms"),
      sweep: await countSweep(dynoxide.url),
    };
    await writeFile(COUNTED, `${JSON.stringify(counted, null, 2)}\n`);
    const usd = costOf(sendingOf(counted.email, MILLION, 1 / 150), "us-east-1");
    const share = usd / costOf({ emails: MILLION }, "us-east-1");
    const stored = costOf(storageOf(counted.email, MILLION), "us-east-1");
    return {
      findings: [
        ...CHANNELS.flatMap((channel) => [
          { what: `${channel}: write units for each`, result: `${counted[channel].writeUnits}`, goal: null, met: null },
          { what: `${channel}: read units for each`, result: `${counted[channel].readUnits}`, goal: null, met: null },
          {
            what: `${channel}: table requests for each`,
            result: `${counted[channel].requests}`,
            goal: null,
            met: null,
          },
          {
            what: `${channel}: bytes of our log for each`,
            result: `${counted[channel].logBytes}`,
            goal: null,
            met: null,
          },
        ]),
        { what: "sweep: read units when nothing happens", result: `${counted.sweep.readUnits}`, goal: null, met: null },
        {
          what: "modelled cost of a million emails, against SES's 100 USD",
          result: `${rounded(usd, 2)} USD = ${rounded(share * 100, 2)} %`,
          goal: "<= 1 %",
          met: share <= 0.01,
        },
        {
          what: "besides: the ledger's storage until its time is over",
          result: `${rounded(stored, 2)} USD`,
          goal: null,
          met: null,
        },
      ],
      details: { recipients: RECIPIENTS, counted, usd, stored },
    };
  } finally {
    await dynoxide.stop();
    await dir.close();
    await rm(folder, { recursive: true, force: true });
  }
};

async function worldAt(url: string, prefix: string) {
  const names = tableNames(prefix);
  const { dynamodb: client } = clientsFor({ dynamodb: url, fauxqs: url, ses: url });
  await createTables(client, names);
  const clock = Date.now;
  const status = dynamoStatusStore({ client, statusTable: names.status, deliveriesTable: names.deliveries });
  const subscribers = dynamoSubscriberStore({ client, table: names.subscribers });
  const ledger = dynamoLedger({ client, table: names.deliveries, random: randomBytes });
  const access = dynamoAccessStore({ client, table: names.access, random: randomBytes });
  const scene = await openedIncident();
  await status.createPage(scene.page);
  await status.saveCatalog(scene.page.id, scene.catalog, null);
  await access.makeSigningKey(scene.page.id);
  return { client, clock, status, subscribers, ledger, access, scene, queues: memoryQueues(clock) };
}
type World = Awaited<ReturnType<typeof worldAt>>;

async function countChannel(channel: Channel, url: string, progress: (line: string) => void): Promise<ChannelCount> {
  const world = await worldAt(url, `cost-${channel}`);
  const { client, clock, status, subscribers, ledger, access, scene, queues } = world;
  const { pageId, id: updateId } = updateOf(scene);
  if (channel !== "webhook") await access.saveRate(channel, { perSecond: RATE, leftToday: null }, clock());
  const audience = Array.from({ length: RECIPIENTS }, () => subscriberOn(channel, pageId));
  await inLanes(20, audience, (subscriber) => subscribers.create(subscriber));
  progress(`${RECIPIENTS} subscribers by ${channel}`);
  await status.commitIncident(scene.commit);

  const meter = meterDynamo(client);
  let logBytes = 0;
  const write = (line: string) => {
    logBytes += Buffer.byteLength(line);
  };
  const log = createLogger({ function: `send-${channel}` }, { info: write, warn: write, error: write });
  let sentBytes = 0;
  const { sender, pace } = senderOf(channel, world, (bytes) => {
    sentBytes += bytes;
  });
  const deps: SendDeps = {
    status,
    subscribers,
    ledger,
    queues: queues.ports,
    sender,
    pace,
    clock,
    jitter: Math.random,
  };
  const topic = { publish: async () => ({ outcome: "published" as const }) };
  const render = async () => scene.rendered;
  const renderChange = () => scene.rendered;
  await planNotice(
    { pageId, updateId },
    { status, subscribers, ledger, access, queues: queues.ports, topic, render, renderChange, clock },
  );
  const chunks: string[] = [];
  for (let entry = queues.receive(); entry !== null; entry = queues.receive()) {
    if (entry.queue === channel) chunks.push(entry.body);
    entry.settle(true);
  }
  await inLanes(4, chunks, (body) => handleWork(readWork(sendWorkSchema, body), deps, log));
  const used = meter.read();
  const sent = await acceptedBy(ledger, pageId, updateId);
  if (sent !== RECIPIENTS) throw new Error(`${sent} of ${RECIPIENTS} were sent to by ${channel}`);
  const each = (count: number) => rounded(count / RECIPIENTS, 3);
  return {
    writeUnits: each(used.writeUnits),
    readUnits: each(used.readUnits),
    requests: each(used.requests),
    chunks: each(chunks.length),
    logBytes: each(logBytes),
    storedBytes: each(used.bytesWritten),
    sentBytes: each(sentBytes),
  };
}

function senderOf(channel: Channel, world: World, count: (bytes: number) => void) {
  const { clock, ledger, access, subscribers, queues } = world;
  const accepted = async () => ({ outcome: "accepted" as const, providerId: randomBytes(30).toString("hex") });
  const paced = (schedule: SendSchedule) => sharedPace({ use: "updates", access, schedule, clock, sleep, log: quiet });
  switch (channel) {
    case "email":
      return {
        sender: emailSender({ ledger, access, from: "status@example.com", mail: { send: accepted } }),
        pace: paced("email"),
      };
    case "sms": {
      const sms = limitedSms({ send: accepted }, SMS_LIMITS, "updates", { access, clock, log: quiet });
      return { sender: smsSender({ ledger, subscribers, sms, clock }), pace: paced("sms") };
    }
    case "webhook": {
      const https: Https = {
        async post({ body }) {
          count(Buffer.byteLength(body) + REQUEST_HEADER_BYTES);
          return accepted();
        },
      };
      const sender = webhookSender({ ledger, access, subscribers, https, quarantines: queues.ports, clock });
      return { sender, pace: unpaced(clock, sleep) };
    }
    default:
      return unreachable(channel);
  }
}

function subscriberOn(channel: Channel, pageId: string) {
  switch (channel) {
    case "email":
      return emailSubscriber(pageId);
    case "sms":
      return smsSubscriber(pageId);
    case "webhook":
      return webhookSubscriber(pageId, LOCAL);
    default:
      return unreachable(channel);
  }
}

async function countSweep(url: string): Promise<SweepCount> {
  const { client, clock, status, subscribers, ledger, access, queues } = await worldAt(url, "cost-idle");
  const mail = { quota: async () => ({ perSecond: 14, leftToday: 50_000 }) };
  const once = () =>
    sweep({ status, subscribers, ledger, access, mail, queues: queues.ports, pageBuild: "one", clock });
  const meter = meterDynamo(client);
  await once();
  const { readUnits, writeUnits, requests } = meter.read();
  return { readUnits, writeUnits, requests };
}

async function acceptedBy(ledger: ReturnType<typeof dynamoLedger>, pageId: string, updateId: string): Promise<number> {
  const chunks = await ledger.listChunks(pageId, updateId);
  return chunks.reduce((sum, { counts }) => sum + counts.accepted, 0);
}
