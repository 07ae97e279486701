import { createServer, type Server } from "node:http";
import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { afterTheFile, temporaryFolder } from "../fixtures/clean-up.ts";
import { atRest, until } from "../fixtures/progress.ts";
import { callApi, freePorts, startProcess } from "./local-process.ts";
import { sharedApp } from "./shared-stack.ts";

/** `npm run test:crash` sets more; here enough for several chunks to be in flight. */
const WEBHOOKS = Number(process.env.TOCSIN_KILL_WEBHOOKS ?? 200);
/** After the kill the machine comes back when every lease is over, and sweep takes up what was cut off. */
const AWAY_MS = LEASE_MS + 60_000;

/** Ids by receiver, in order of arrival. */
const received = new Map<string, string[]>();
let total = 0;
let server: Server;
let hooks: string;
let data: string;

const later = afterTheFile();
beforeAll(async () => {
  server = createServer((request, response) => {
    const receiver = request.url ?? "";
    request.resume().on("end", () => {
      received.set(receiver, [...(received.get(receiver) ?? []), String(request.headers["webhook-id"])]);
      total += 1;
      response.writeHead(204).end();
    });
  });
  hooks = `http://127.0.0.1:${await listen(server, 0)}`;
  later(() => closeServer(server));
  const folder = await temporaryFolder("kill");
  data = folder.path;
  later(folder.remove);
});

it(`a process killed in the middle of ${WEBHOOKS} webhooks tells everybody after its restart`, async () => {
  const port = await freePorts();
  const app = await sharedApp();
  const first = await startProcess({ port, data, app });
  later(() => first.end("SIGKILL"));
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
  const second = await startProcess({ port, data, app, arguments: ["--sweep-seconds", "5"], laterMs: AWAY_MS });
  later(() => second.end("SIGKILL"));
  try {
    await until(`${WEBHOOKS} webhooks`, () => received.size >= WEBHOOKS, { moving: () => total });
    const seconds = ((Date.now() - restarted) / 1_000).toFixed(1);
    // What was in flight at the kill may come twice.
    await atRest(() => total);
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
