import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callApi, freePorts, startProcess } from "./local-process.ts";

/** `npm run test:crash` sets more; here enough for several chunks to be in flight. */
const WEBHOOKS = Number(process.env.TOCSIN_KILL_WEBHOOKS ?? 200);
const WITHIN_MS = 180_000;

/** Ids by receiver, in order of arrival. */
const received = new Map<string, string[]>();
let total = 0;
let server: Server;
let hooks: string;
let data: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const receiver = request.url ?? "";
    request.resume().on("end", () => {
      received.set(receiver, [...(received.get(receiver) ?? []), String(request.headers["webhook-id"])]);
      total += 1;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  hooks = `http://127.0.0.1:${address.port}`;
  data = await mkdtemp(join(tmpdir(), "tocsin-kill-"));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(data, { recursive: true, force: true });
});

it(`a process killed in the middle of ${WEBHOOKS} webhooks tells everybody after its restart`, {
  timeout: 300_000,
}, async () => {
  const port = await freePorts();
  const first = await startProcess({ port, data });
  for (let start = 0; start < WEBHOOKS; start += 20) {
    const batch = Array.from({ length: Math.min(20, WEBHOOKS - start) }, (_, index) => start + index);
    const created = await Promise.all(
      batch.map((index) =>
        callApi(first.endpoints, "POST", "/subscribers", {
          subscriber: {
            endpoint: `${hooks}/${index}`,
            email: "integrator@subscriber.example",
            skip_confirmation_notification: true,
          },
        }),
      ),
    );
    expect(created.map(({ status }) => status)).toEqual(batch.map(() => 201));
  }
  const posted = await callApi(first.endpoints, "POST", "/incidents", {
    incident: { name: "Outage", status: "investigating", body: "We are looking." },
  });
  expect(posted.status).toBe(201);
  while (total < WEBHOOKS / 4) await setTimeout(1);
  await first.end("SIGKILL");
  const before = total;
  expect(before).toBeLessThan(WEBHOOKS);

  const restarted = Date.now();
  const second = await startProcess({ port, data, arguments: ["--sweep-seconds", "5"] });
  try {
    while (received.size < WEBHOOKS && Date.now() < restarted + WITHIN_MS) await setTimeout(100);
    const seconds = ((Date.now() - restarted) / 1_000).toFixed(1);
    // What was in flight at the kill may come twice: wait for the ledger to be done with all of them.
    await setTimeout(2_000);
    const twice = [...received.values()].filter((ids) => ids.length > 1);
    console.info(
      `killed after ${before} of ${WEBHOOKS}; all told ${seconds} s after the restart; ${twice.length} got it twice`,
    );
    expect(received.size).toBe(WEBHOOKS);
    for (const ids of received.values()) expect(new Set(ids).size).toBe(1);
    expect(Math.max(...[...received.values()].map((ids) => ids.length))).toBeLessThanOrEqual(2);
    // Ten invocations at once (the webhook lane's maximum concurrency), a window of 25 each.
    expect(twice.length).toBeLessThanOrEqual(250);
  } finally {
    expect(await second.end("SIGTERM")).toBe(0);
  }
});
