import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { closeServer, freePorts, listen } from "../infra/local/listen.ts";
import { startLocalStack } from "../infra/local/local-stack.ts";
import { type Bench, median, quantile, rounded } from "./measurement.ts";

const PAUSE_MS = 250;
const P50_MS = 45;
const P95_MS = 120;
/** A fresh incident now and then: the cost of a long one is another measurement. */
const UPDATES_PER_INCIDENT = 20;

const incidentSchema = z.object({ id: z.string(), incident_updates: z.array(z.object({ created_at: z.string() })) });

/**
 * Commit to sent for a single webhook subscriber on the local stack: from the update's `created_at` (set just before
 * its transaction) to the moment its endpoint has the request. One update at a time, with a pause after it in which its
 * page, its other channels and its bookkeeping finish: on a small machine they would otherwise delay the next one.
 */
export const bench: Bench = async ({ updates, progress }) => {
  const arrivals: number[] = [];
  const server = createServer((request, response) => {
    arrivals.push(Date.now());
    request.resume().on("end", () => response.writeHead(204).end());
  });
  const port = await listen(server, 0);
  const dataDir = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
  const [page = 0, manage = 0, subscriptions = 0, outbox = 0] = await freePorts(4);
  const started = performance.now();
  const stack = await startLocalStack({
    ports: { page, manage, subscriptions, outbox },
    dataDir,
    webhookTargets: "any",
    mailRate: 200,
    sweepSeconds: 60,
    dynamodb: null,
    report: () => {},
  });
  const readyMs = Math.round(performance.now() - started);
  try {
    const { api, pageId, apiKey } = stack.endpoints;
    const call = async (method: string, path: string, body: unknown): Promise<unknown> => {
      const answer = await fetch(`${api}/pages/${pageId}${path}`, {
        method,
        headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const endpoint = `http://127.0.0.1:${port}/hook`;
    await call("POST", "/subscribers", { subscriber: { endpoint, email: "integrator@subscriber.example" } });
    const times: number[] = [];
    const answers: number[] = [];
    let incident = "";
    for (let count = 0; count < updates; count += 1) {
      const fresh = count % UPDATES_PER_INCIDENT === 0;
      const before = arrivals.length;
      const asked = performance.now();
      const body = {
        incident: { name: "Outage", status: fresh ? "investigating" : "monitoring", body: `Update ${count}` },
      };
      const answer = await call(fresh ? "POST" : "PATCH", fresh ? "/incidents" : `/incidents/${incident}`, body);
      answers.push(performance.now() - asked);
      const parsed = incidentSchema.parse(answer);
      incident = parsed.id;
      while (arrivals.length === before) await setTimeout(1);
      const committed = Date.parse(parsed.incident_updates[0]?.created_at ?? "");
      await setTimeout(PAUSE_MS);
      times.push((arrivals[before] ?? Number.NaN) - committed);
      if (count % 50 === 49) progress(`${count + 1} of ${updates} updates, median ${median(times)} ms`);
    }
    const [p50, p95, max] = [median(times), quantile(times, 0.95), quantile(times, 1)];
    return {
      findings: [
        { what: "commit to sent, p50", result: `${p50} ms`, goal: `<= ${P50_MS} ms`, met: p50 <= P50_MS },
        { what: "commit to sent, p95", result: `${p95} ms`, goal: `<= ${P95_MS} ms`, met: p95 <= P95_MS },
        { what: "API's answer, p50", result: `${rounded(median(answers))} ms`, goal: null, met: null },
      ],
      details: { updates, readyMs, max, commitToSentMs: times, apiAnswerMs: answers },
    };
  } finally {
    await stack.stop();
    await closeServer(server);
    await rm(dataDir, { recursive: true, force: true });
  }
};
