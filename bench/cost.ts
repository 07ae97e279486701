import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readWork, sendWorkSchema } from "../functions/core/queued-work.ts";
import { createLogger } from "../functions/lambda/logger.ts";
import { planNotice } from "../functions/plan-notifications/plan.ts";
import type { SendDeps } from "../functions/send-chunk/channel-sender.ts";
import { handleWork } from "../functions/send-chunk/handle-work.ts";
import { sharedPace } from "../functions/send-chunk/pace.ts";
import { emailSender } from "../functions/send-email/email-sender.ts";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { dynamoLedger } from "../functions/store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../functions/store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../functions/store/subscribers/dynamo-subscribers.ts";
import { openDataDir } from "../infra/local/data-dir.ts";
import { startDynoxide } from "../infra/local/emulators/dynoxide.ts";
import { clientsFor } from "../infra/local/services.ts";
import { createTables, tableNames } from "../tests/contract/tables.ts";
import { memoryQueues } from "../tests/fakes/queues.ts";
import { meterDynamo } from "./dynamo-meter.ts";
import { type Bench, inLanes, rounded } from "./measurement.ts";
import { emailSubscriber, openedIncident, updateOf } from "./scene.ts";

const RECIPIENTS = 2_000;
const RATE = 1_000;
const MILLION = 1_000_000;

/** AWS's list prices in USD, us-east-1, on demand; the sources are in docs/performance.md. */
const PRICES = {
  writeUnit: 0.625 / MILLION,
  readUnit: 0.125 / MILLION,
  fifoRequest: 0.5 / MILLION,
  invocation: 0.2 / MILLION,
  /** Lambda on Arm. */
  gigabyteSecond: 0.0000133334,
  logGigabyte: 0.5,
  tableGigabyteMonth: 0.25,
  email: 0.1 / 1_000,
};
/** Lambda's own lines (start, end, report) of one invocation. */
const PLATFORM_LOG_BYTES = 500;
const SENDER_GIB = 1;
/** Of an invocation, besides its sends: an allowance for its own table calls on AWS. */
const CALLS_SECONDS = 0.1;
/** DynamoDB adds this to each stored item. */
const ITEM_OVERHEAD_BYTES = 100;
const KEPT_MONTHS = 3;

/**
 * One update by email to an audience of the emulator's tables: planned, sent in chunks, recorded; every table call
 * counted on its way out. From that, what a million emails cost besides what SES charges for them.
 */
export const bench: Bench = async ({ progress }) => {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const dir = await openDataDir(folder);
  const dynoxide = await startDynoxide(dir);
  try {
    const names = tableNames("cost");
    const { dynamodb: client } = clientsFor({ dynamodb: dynoxide.url, fauxqs: dynoxide.url, ses: dynoxide.url });
    await createTables(client, names);
    const clock = Date.now;
    const status = dynamoStatusStore({ client, statusTable: names.status, deliveriesTable: names.deliveries });
    const subscribers = dynamoSubscriberStore({ client, table: names.subscribers });
    const ledger = dynamoLedger({ client, table: names.deliveries, random: randomBytes });
    const access = dynamoAccessStore({ client, table: names.access, random: randomBytes });
    const scene = await openedIncident();
    const { pageId, id: updateId } = updateOf(scene);
    await status.createPage(scene.page);
    await status.saveCatalog(pageId, scene.catalog, null);
    await access.saveRate("email", { perSecond: RATE, leftToday: null }, clock());
    await access.makeSigningKey(pageId);
    const audience = Array.from({ length: RECIPIENTS }, () => emailSubscriber(pageId));
    await inLanes(20, audience, (subscriber) => subscribers.create(subscriber));
    progress(`${RECIPIENTS} subscribers`);
    await status.commitIncident(scene.commit);

    const meter = meterDynamo(client);
    let lines = 0;
    let logBytes = 0;
    const write = (line: string) => {
      lines += 1;
      logBytes += Buffer.byteLength(line);
    };
    const log = createLogger({ function: "send-email" }, { info: write, warn: write, error: write });
    const queues = memoryQueues(clock);
    const deps: SendDeps = {
      status,
      subscribers,
      ledger,
      queues: queues.ports,
      sender: emailSender({
        ledger,
        access,
        from: "status@example.com",
        mail: { send: async () => ({ outcome: "accepted", providerId: randomBytes(30).toString("hex") }) },
      }),
      pace: sharedPace({
        use: "updates",
        access,
        schedule: "email",
        clock,
        sleep: (milliseconds) => setTimeout(milliseconds),
        log: createLogger({}, { info() {}, warn() {}, error() {} }),
      }),
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
    const planned = meter.read();
    const chunks: string[] = [];
    for (let entry = queues.receive(); entry !== null; entry = queues.receive()) {
      if (entry.queue === "email") chunks.push(entry.body);
      entry.settle(true);
    }
    await inLanes(4, chunks, (body) => handleWork(readWork(sendWorkSchema, body), deps, log));
    const used = meter.read();
    const sent = await acceptedBy(ledger, pageId, updateId);
    if (sent !== RECIPIENTS) throw new Error(`${sent} of ${RECIPIENTS} were sent to`);

    const perEmail = (count: number) => count / RECIPIENTS;
    // Each chunk: a tenth of a batch sent, received, deleted; a body counts by 64 kB.
    const fifoRequests = chunks.length * 2.1;
    const invocationSeconds = chunks.length * CALLS_SECONDS + RECIPIENTS / 150;
    const costs = {
      tableWrites: perEmail(used.writeUnits) * MILLION * PRICES.writeUnit,
      tableReads: perEmail(used.readUnits) * MILLION * PRICES.readUnit,
      queues: perEmail(fifoRequests) * MILLION * PRICES.fifoRequest,
      invocations: perEmail(chunks.length) * MILLION * PRICES.invocation,
      compute: perEmail(invocationSeconds) * MILLION * SENDER_GIB * PRICES.gigabyteSecond,
      logs: (perEmail(logBytes + chunks.length * PLATFORM_LOG_BYTES) * MILLION * PRICES.logGigabyte) / 1e9,
    };
    const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0);
    const share = total / (MILLION * PRICES.email);
    const stored = ((used.bytesWritten / RECIPIENTS + ITEM_OVERHEAD_BYTES) * MILLION * PRICES.tableGigabyteMonth) / 1e9;
    const per = (count: number) => rounded(perEmail(count), 3);
    return {
      findings: [
        { what: "write units for each email", result: `${per(used.writeUnits)}`, goal: null, met: null },
        { what: "read units for each email", result: `${per(used.readUnits)}`, goal: null, met: null },
        { what: "table requests for each email", result: `${per(used.requests)}`, goal: null, met: null },
        { what: "log lines of ours for each email", result: `${per(lines)}`, goal: null, met: null },
        {
          what: "modelled cost of a million emails, against SES's 100 USD",
          result: `${rounded(total, 2)} USD = ${rounded(share * 100, 2)} %`,
          goal: "<= 1 %",
          met: share <= 0.01,
        },
        {
          what: "besides: the ledger's storage until its time is over",
          result: `${rounded(stored * KEPT_MONTHS, 2)} USD`,
          goal: null,
          met: null,
        },
      ],
      details: {
        recipients: RECIPIENTS,
        chunks: chunks.length,
        planned,
        used,
        lines,
        costs,
        total,
        prices: PRICES,
        reportedByTheEmulator: used.reported,
      },
    };
  } finally {
    await dynoxide.stop();
    await dir.close();
    await rm(folder, { recursive: true, force: true });
  }
};

async function acceptedBy(ledger: ReturnType<typeof dynamoLedger>, pageId: string, updateId: string): Promise<number> {
  const chunks = await ledger.listChunks(pageId, updateId);
  return chunks.reduce((sum, { counts }) => sum + counts.accepted, 0);
}
