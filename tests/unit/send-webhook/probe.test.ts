import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../functions/core/attempt.ts";
import { newId, sha256Hex } from "../../../functions/core/ids.ts";
import type { LetterWork, ProbeWork } from "../../../functions/core/queued-work.ts";
import { ALL_UPDATES, type WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import { webhookSecret } from "../../../functions/core/webhook-signature.ts";
import { guardedHttps } from "../../../functions/providers/https.ts";
import { probeEndpoint } from "../../../functions/send-webhook/probe.ts";
import { probeHostOf } from "../../../functions/send-webhook/probe-host.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";
import { until } from "../../fixtures/progress.ts";

const PAGE = "page00000000";
const ECHO = "the-challenge-that-the-endpoint-repeats";
const NOW = Date.now();

interface Seen {
  headers: Record<string, string>;
  body: string;
}

let server: Server;
let answer: { status: number; text: string };
let seen: Seen[];

beforeEach(async () => {
  seen = [];
  answer = { status: 200, text: "" };
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (data) => {
      body += String(data);
    });
    request.on("end", () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      seen.push({ headers, body });
      response.writeHead(answer.status).end(answer.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function world(changes: Partial<WebhookSubscriber> = {}) {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const subscriber: WebhookSubscriber = {
    pageId: PAGE,
    id: newId(randomBytes),
    channel: "webhook",
    endpoint: `http://127.0.0.1:${address.port}/hook`,
    contactEmail: "integrator@example.com",
    format: "statuspage",
    statuses: null,
    secretVersion: 1,
    state: "unconfirmed",
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en",
    pausedAt: null,
    createdAt: NOW,
    updatedAt: NOW,
    confirmedAt: null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: sha256Hex(ECHO),
    ...changes,
  };
  const subscribers = memorySubscriberStore();
  await subscribers.create(subscriber);
  const access = memoryAccessStore({ random: randomBytes, pages: [PAGE] });
  const ledger = memoryLedger();
  const again: { work: ProbeWork; delayMs: number }[] = [];
  const letters: LetterWork[] = [];
  const deps = {
    subscribers,
    ledger,
    access,
    https: guardedHttps("any"),
    probes: { sendProbe: async (work: ProbeWork, delayMs: number) => void again.push({ work, delayMs }) },
    letters: { sendLetter: async (letter: LetterWork) => void letters.push(letter) },
    clock: Date.now,
  };
  const work: ProbeWork = {
    kind: "probe",
    pageId: PAGE,
    channel: "webhook",
    subscriberId: subscriber.id,
    probeId: newId(randomBytes),
    probe: "challenge",
    askedAt: NOW,
    body: JSON.stringify({ challenge: ECHO }),
    echo: ECHO,
    tries: 0,
  };
  const secret = webhookSecret(await access.currentSigningKey(PAGE), PAGE, subscriber.id, 1);
  return {
    again,
    letters,
    work,
    access,
    deps,
    secret,
    run: (more: Partial<ProbeWork> = {}) => probeEndpoint({ ...work, ...more }, deps),
    state: async () => (await subscribers.get(PAGE, "webhook", subscriber.id))?.state,
    logged: () => ledger.allDeliveries(),
  };
}

describe("a challenge", () => {
  it.each([
    ["as JSON", JSON.stringify({ challenge: ECHO })],
    ["alone", `${ECHO}\n`],
  ])("repeated %s confirms the endpoint; it is signed as its deliveries will be", async (_how, text) => {
    answer = { status: 200, text };
    const { run, state, secret, logged, again } = await world();
    await run();
    expect(await state()).toBe("active");
    expect(again).toEqual([]);
    const [{ headers, body } = { headers: {}, body: "" }] = seen;
    for (const verifier of [new Webhook(secret), new SvixWebhook(secret)]) {
      expect(() => verifier.verify(body, headers)).not.toThrow();
    }
    expect(JSON.parse(body)).toEqual({ challenge: ECHO });
    expect(logged()).toMatchObject([
      {
        subject: { probe: "challenge" },
        state: "accepted",
        attempts: 1,
        exchanges: [{ status: 200, head: text.trim() }],
      },
    ]);
  });

  it.each([
    [200, "ok", "the answer does not repeat the challenge"],
    [200, JSON.stringify({ challenge: `${ECHO}x` }), "the answer does not repeat the challenge"],
    [200, JSON.stringify({ echoed: ECHO }), "the answer does not repeat the challenge"],
    [404, ECHO, "http 404"],
  ])("answered with %i %s does not", async (status, text, reason) => {
    answer = { status, text };
    const { run, state, logged, again, work } = await world();
    await run();
    expect(await state()).toBe("unconfirmed");
    expect(logged()).toMatchObject([{ subject: { probe: "challenge" }, state: "failed", reason }]);
    expect(again).toEqual([{ work: { ...work, tries: 1 }, delayMs: 60_000 }]);
  });

  it("is posted again for an hour, under the same webhook-id, with each answer in one record", async () => {
    answer = { status: 500, text: "not yet" };
    const { run, again, logged } = await world();
    let delay = 0;
    for (let tries = 0; tries < 6; tries += 1) {
      await run({ tries });
      delay += again[tries]?.delayMs ?? 0;
    }
    expect(again).toHaveLength(5);
    expect(delay / 60_000).toBe(51);
    expect(new Set(seen.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(logged()).toHaveLength(1);
    expect(logged()[0]?.exchanges).toHaveLength(6);
  });

  it("that another one has replaced is not posted", async () => {
    const { run } = await world({ confirmTokenHash: sha256Hex("another") });
    await run();
    expect(seen).toEqual([]);
  });
});

describe("a test", () => {
  const health = { version: 1, failures: 3, since: NOW, failedAt: NOW, nextAttemptAt: NOW + 9e6, probeUntil: null };
  const active = { state: "active", confirmedAt: NOW, health } as const;

  it("goes to a failing endpoint too, once, and what it answers is kept", async () => {
    answer = { status: 503, text: "busy\u0000\n\nplease wait" };
    const { run, logged, again } = await world(active);
    await run({ probe: "test", echo: null });
    expect(logged()).toMatchObject([
      {
        subject: { probe: "test" },
        state: "failed",
        reason: "http 503",
        exchanges: [{ status: 503, head: "busy please wait" }],
      },
    ]);
    expect(again).toEqual([]);
  });

  it("is not for somebody who left", async () => {
    const { run } = await world({ state: "unsubscribed" });
    await run({ probe: "test", echo: null });
    expect(seen).toEqual([]);
  });
});

describe("a chat's first post", () => {
  const letter: LetterWork = {
    kind: "letter",
    pageId: PAGE,
    channel: "webhook",
    subscriberId: "subscriber01",
    letterId: "letterletter",
    cause: "anybody",
    letter: { about: "confirmation" },
    raw: "Subject: confirm",
  };
  const chat = { format: "slack", confirmTokenHash: "hash" } as const;
  const hello = { probe: "hello", echo: null, confirmTokenHash: "hash", letter } as const;

  it("that the chat took has its contact asked to confirm it", async () => {
    answer = { status: 200, text: "ok" };
    const { run, letters, state } = await world(chat);
    await run(hello);
    expect(letters).toEqual([letter]);
    expect(await state()).toBe("unconfirmed");
  });

  it.each([400, 403, 404, 410])("that was refused with %i asks nobody, and is not posted again", async (status) => {
    answer = { status, text: "no_service" };
    const { run, letters, again, logged } = await world(chat);
    await run(hello);
    expect(letters).toEqual([]);
    expect(again).toEqual([]);
    expect(logged()).toMatchObject([{ subject: { probe: "hello" }, state: "failed", exchanges: [{ status }] }]);
  });

  it.each([429, 500, 503])("that met a passing %i is posted again, and then its contact is asked", async (status) => {
    answer = { status, text: "" };
    const { run, letters, again } = await world(chat);
    await run(hello);
    expect(letters).toEqual([]);
    expect(again).toMatchObject([{ work: { tries: 1, letter }, delayMs: 60_000 }]);
    answer = { status: 200, text: "ok" };
    await run({ ...hello, tries: 1 });
    expect(letters).toEqual([letter]);
  });

  it("of an earlier registration is not posted", async () => {
    const { run, letters } = await world({ ...chat, confirmTokenHash: "another" });
    await run(hello);
    expect(seen).toEqual([]);
    expect(letters).toEqual([]);
  });
});

it("an endpoint that answers a challenge with 410 is not asked again", async () => {
  answer = { status: 410, text: "" };
  const { run, again } = await world();
  await run();
  expect(again).toEqual([]);
});

it.each(["unconfirmed", "unsubscribed"] as const)("a test is not posted to what is %s by then", async (state) => {
  const { run } = await world({ state });
  await run({ probe: "test", echo: null });
  expect(seen).toEqual([]);
});

describe("what anybody can cause at a host", () => {
  it("is posted one at a time; another one comes back in a moment, as it is", async () => {
    const one = await world();
    const hold = Promise.withResolvers<void>();
    const held = { ...one.deps, https: { post: () => hold.promise.then(() => FAILED) } };
    const first = probeEndpoint(one.work, held);
    const other = { ...one.work, probeId: "other0000000" };
    await until("the other's turn to be put off", async () => {
      await probeEndpoint(other, held);
      return one.again.some(({ work }) => work.probeId === other.probeId);
    });
    expect(one.again).toContainEqual({ work: other, delayMs: 5_000 });
    expect(one.logged()).toEqual([]);
    hold.resolve();
    await first;
    await one.run({ probeId: "later0000000" });
    expect(seen).toHaveLength(1);
  });

  it("is thirty posts an hour, repeated challenges too, and what is too much is told and not posted", async () => {
    answer = { status: 500, text: "" };
    const { run, logged, again } = await world();
    for (let post = 0; post < 32; post += 1) await run({ tries: post % 6 });
    expect(seen).toHaveLength(30);
    expect(logged()[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("all tries of this hour") });
    expect(again.at(-1)).toMatchObject({ work: { tries: 2 } });
  });

  it("takes nothing from an endpoint that proved whose it is", async () => {
    answer = { status: 500, text: "" };
    const { run, deps, work } = await world({ state: "active", confirmedAt: NOW });
    const stranger = await world();
    for (let post = 0; post < 31; post += 1)
      await probeEndpoint(stranger.work, { ...stranger.deps, access: deps.access });
    expect(seen).toHaveLength(30);
    await run({ probe: "test", echo: null, probeId: work.probeId });
    expect(seen).toHaveLength(31);
  });
});

const FAILED: AttemptOutcome = { outcome: "unavailable", reason: "http 500", retryAfterMs: null };

describe("whose machines a probe is posted to", () => {
  it.each([
    ["https://a.b.example.co.uk/x", "example.co.uk"],
    ["https://a.example.com:8443/x", "example.com"],
    ["https://EXAMPLE.com/", "example.com"],
    ["https://one.github.io/", "one.github.io"],
    ["https://a.two.github.io/", "two.github.io"],
    ["https://bücher.example.de/", "example.de"],
    ["https://co.uk/", "co.uk"],
    ["http://localhost:3000/", "localhost"],
    ["https://192.0.2.7/", "192.0.2.7"],
    ["https://3221225991/", "192.0.2.7"],
    ["https://[2001:db8:1:2:3:4:5:6]/", "2001:db8:1:2:0:0:0:0/64"],
    ["https://[2001:db8:1:2::9]/", "2001:db8:1:2:0:0:0:0/64"],
    ["https://hooks.slack.com/services/T/B/c", "hooks.slack.com"],
    [
      "https://prod-1.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke",
      "prod-1.westeurope.logic.azure.com",
    ],
  ])("%s: %s", (endpoint, host) => {
    expect(probeHostOf(endpoint)).toBe(host);
  });
});
