import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import * as z from "zod";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { openDataDir } from "../infra/local/data-dir.ts";
import { startDynoxide } from "../infra/local/emulators/dynoxide.ts";
import { startMailFront } from "../infra/local/emulators/mail-front.ts";
import { openOutbox } from "../infra/local/emulators/outbox.ts";
import { clientsFor, sdkEnvironment } from "../infra/local/services.ts";
import { createTables, tableNames } from "../tests/contract/tables.ts";
import { renderedText } from "../tests/fixtures/rendered-text.ts";
import { type Bench, quantile, rounded } from "./measurement.ts";
import { openedIncident } from "./scene.ts";
import type { RateSenderOrder } from "./send-rate-thread.ts";

/** Invocations at once: as many as SQS gives a new mapping, less one. */
const SENDERS = 4;
const WARM_UP_MS = 3_000;
const COOL_DOWN_MS = 2_000;

const countsSchema = z.object({
  accepted: z.number(),
  otherwise: z.number(),
  throttles: z.array(z.number()),
  lateness: z.array(z.number()),
});

/**
 * Several senders, each on a thread of its own as an invocation is, share the schedule in the access table; the mail
 * front refuses what exceeds the rate in any one second, as SES may. Counted are the emails that it took in the steady
 * part of the run, every throttle, and whoever was not sent to in the end.
 */
export const bench: Bench = async ({ rate, seconds, progress }) => {
  const folder = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const dir = await openDataDir(folder);
  const outbox = await openOutbox(dir.file("outbox.jsonl"), Date.now);
  const front = await startMailFront(outbox, { perSecond: rate }, Date.now);
  const dynoxide = await startDynoxide(dir);
  try {
    const emulators = { dynamodb: dynoxide.url, fauxqs: dynoxide.url, ses: front.url };
    const names = tableNames("bench");
    const { dynamodb } = clientsFor(emulators);
    await createTables(dynamodb, names);
    const access = dynamoAccessStore({ client: dynamodb, table: names.access, random: randomBytes });
    await access.saveRate("email", { perSecond: rate, leftToday: null }, Date.now());

    const { page, commit, rendered } = await openedIncident();
    await access.makeSigningKey(page.id);
    const endAt = Date.now() + WARM_UP_MS + seconds * 1_000 + COOL_DOWN_MS;
    const order: RateSenderOrder = {
      accessTable: names.access,
      page,
      commit,
      rendering: renderedText(rendered, "email"),
      // More than can be sent: each sender stops at `endAt`.
      recipients: Math.ceil((rate * (endAt - Date.now())) / 1_000 / 2),
      ratePerSecond: rate,
      endAt,
    };
    const env = { ...sdkEnvironment(emulators), AWS_CONFIG_FILE: dir.file("no-config") };
    const began = Date.now();
    const senders = Array.from({ length: SENDERS }, async () => {
      const worker = new Worker(new URL("./send-rate-thread.ts", import.meta.url), { workerData: order, env });
      const [counts] = await once(worker, "message");
      await worker.terminate();
      return countsSchema.parse(counts);
    });
    const from = began + WARM_UP_MS;
    const to = from + seconds * 1_000;
    await setTimeout(to - Date.now());
    progress(`${outbox.emails.length} emails taken`);
    const counts = await Promise.all(senders);

    const takenAt = outbox.emails.map(({ at }) => Date.parse(at)).filter((at) => at >= from && at < to);
    const accepted = sum(counts.map((one) => one.accepted));
    const throttledAt = counts.flatMap((one) => one.throttles);
    const throttles = throttledAt.filter((at) => at >= from && at < to).length;
    const otherwise = sum(counts.map((one) => one.otherwise));
    const share = takenAt.length / (seconds * rate);
    const throttled = throttles / takenAt.length;
    const lateness = counts.flatMap((one) => one.lateness);
    const late = [0.5, 0.99, 1].map((part) => rounded(quantile(lateness, part)));
    return {
      findings: [
        {
          what: `share of ${rate}/s over ${seconds} s, ${SENDERS} senders`,
          result: `${rounded(share, 3)}`,
          goal: ">= 0.95",
          met: share >= 0.95,
        },
        {
          what: "throttles for each email of the steady run",
          result: `${throttles} of ${takenAt.length} = ${rounded(throttled * 100, 3)} % (${throttledAt.length - throttles} before and after)`,
          goal: "<= 0.1 %",
          met: throttled <= 0.001,
        },
        {
          what: "sends after their slots: p50, p99, max (40 ms apart may be a throttle)",
          result: `${late.join(", ")} ms`,
          goal: null,
          met: null,
        },
        { what: "emails not accepted in the end", result: `${otherwise}`, goal: "0", met: otherwise === 0 },
      ],
      details: {
        rate,
        seconds,
        senders: SENDERS,
        share,
        accepted,
        throttles,
        otherwise,
        lateMs: late,
        perSecond: perSecond(takenAt, from, seconds),
      },
    };
  } finally {
    await dynoxide.stop();
    await front.stop();
    await outbox.close();
    await dir.close();
    await rm(folder, { recursive: true, force: true });
  }
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function perSecond(takenAt: readonly number[], from: number, seconds: number): number[] {
  const counts = Array.from({ length: seconds }, () => 0);
  for (const at of takenAt) {
    const second = Math.floor((at - from) / 1_000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}
