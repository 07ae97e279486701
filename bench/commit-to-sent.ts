import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { startLocalStack } from "../infra/local/local-stack.ts";

/**
 * Commit to sent for a single webhook subscriber on the local stack: from the update's `created_at` (set just before
 * its transaction) to the moment its endpoint has the request. One update at a time, with a pause after it in which its
 * page, its other channels and its bookkeeping finish: on a small machine they would otherwise delay the next one.
 */
const PAUSE_MS = 250;
const UPDATES = Number(process.argv[2] ?? 200);
const incidentSchema = z.object({ id: z.string(), incident_updates: z.array(z.object({ created_at: z.string() })) });

const arrivals: number[] = [];
const server = createServer((request, response) => {
  arrivals.push(Date.now());
  request.resume().on("end", () => response.writeHead(204).end());
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("no port");

const dataDir = await mkdtemp(join(tmpdir(), "tocsin-bench-"));
const started = performance.now();
const stack = await startLocalStack({
  ports: { page: 18080, manage: 18081, subscriptions: 18082, outbox: 18083 },
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
  const endpoint = `http://127.0.0.1:${address.port}/hook`;
  await call("POST", "/subscribers", { subscriber: { endpoint, email: "integrator@subscriber.example" } });
  const times: number[] = [];
  const answers: number[] = [];
  let incident = "";
  for (let count = 0; count < UPDATES; count += 1) {
    // A fresh incident now and then: the cost of a long one is another measurement.
    const fresh = count % 20 === 0;
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
  }
  const share = (all: number[], part: number) =>
    Math.round([...all].sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(part * all.length))] ?? Number.NaN);
  const result = {
    updates: UPDATES,
    readyMs,
    commitToSentMs: { p50: share(times, 0.5), p95: share(times, 0.95), max: share(times, 1) },
    apiAnswerMs: { p50: share(answers, 0.5), p95: share(answers, 0.95) },
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  await stack.stop();
  server.close();
  server.closeAllConnections();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit();
