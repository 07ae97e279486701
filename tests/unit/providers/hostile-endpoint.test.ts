import { X509Certificate } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import { buildConnector } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { guardedHttps } from "../../../functions/providers/https.ts";
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from "../../fixtures/expired-certificate.ts";
import {
  ACCEPTED,
  BOUNDS,
  boundsFor,
  closeEndpoints,
  head,
  hostileCases,
  listen,
  pour,
  serve,
  sockets,
} from "../../fixtures/hostile-endpoints.ts";
import { until } from "../../fixtures/progress.ts";

afterEach(closeEndpoints);

const https = guardedHttps("any", BOUNDS);
const post = (endpoint: string) => https.post({ endpoint, headers: { "webhook-id": "msg_1" }, body: "{}" });

describe("an endpoint that", () => {
  // None of them ends by itself: an attempt without a bound of its own would never be over.
  it.each(hostileCases)("$name: comes to an end, its connection closed", async (one) => {
    const bounded = guardedHttps("any", boundsFor(one));
    const attempt = bounded.post({ endpoint: await serve(one.answer), headers: { "webhook-id": "msg_1" }, body: "{}" });
    expect(await attempt).toMatchObject(one.outcome);
    await until("the end of its connection", () => sockets.size === 0, { moving: () => sockets.size });
  });

  it("pours out 100 MB is cut off after its first few kilobytes", async () => {
    const poured = { bytes: 0 };
    const closed = new Promise<void>((resolve) => {
      void serve((socket) => {
        socket.on("close", () => resolve());
        socket.write(head("200 OK", `content-length: ${100 * 1024 * 1024}`));
        pour(socket, Buffer.alloc(64 * 1024), poured);
      }).then(async (endpoint) => expect(await post(endpoint)).toMatchObject(ACCEPTED));
    });
    await closed;
    // What the kernel's buffers hold on both sides.
    expect(poured.bytes).toBeLessThan(20 * 1024 * 1024);
  });

  it("sends a gzip bomb is not unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    const before = process.memoryUsage().arrayBuffers;
    const endpoint = await serve((socket) => {
      socket.write(head("200 OK", "content-encoding: gzip", `content-length: ${bomb.length}`));
      socket.end(bomb);
    });
    expect(await post(endpoint)).toMatchObject(ACCEPTED);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * 1024 * 1024);
  });

  it.each([
    ["answers in Latin-1", Buffer.from("Störung", "latin1"), /^Störung$/],
    ["answers so much that what is kept ends within a character", Buffer.from(`a${"ä".repeat(5_000)}`), /^aä+$/],
    ["answers in UTF-8", Buffer.from("Störung – 故障"), /^Störung – 故障$/],
  ])("%s, and is read so", async (_, answer, text) => {
    const endpoint = await serve((socket) =>
      socket.end(Buffer.concat([Buffer.from(head("500 Oops", `content-length: ${answer.length}`)), answer])),
    );
    const { exchange } = await post(endpoint);
    expect(exchange?.head).toMatch(text);
  });

  it("has an expired certificate is never written to, and says why", async () => {
    expect(Date.parse(new X509Certificate(EXPIRED_CERTIFICATE).validTo)).toBeLessThan(Date.now());
    let read = 0;
    const server = createTlsServer({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY }, (socket) => {
      socket
        .on("error", () => {})
        .on("data", (data) => {
          read += data.length;
        });
    });
    server.on("tlsClientError", () => {});
    // Trusted but for its age.
    const trusting = guardedHttps("any", BOUNDS, () => buildConnector({ ca: EXPIRED_CERTIFICATE }));
    const endpoint = await listen(server, "https");
    for (const each of [https, trusting]) {
      expect(await each.post({ endpoint, headers: {}, body: "{}" })).toMatchObject({
        outcome: "unavailable",
        reason: "CERT_HAS_EXPIRED",
        retryAfterMs: null,
      });
    }
    expect(read).toBe(0);
  });

  it("takes the connection and no TLS handshake is given up as never written to", async () => {
    const endpoint = await listen(
      createServer(() => {}),
      "https",
    );
    const impatient = guardedHttps("any", { ...BOUNDS, connectMs: 400 });
    const reason = "connect timeout";
    const outcome = await impatient.post({ endpoint, headers: {}, body: "{}" });
    expect(outcome).toMatchObject({ outcome: "unavailable", reason, retryAfterMs: null });
  });
});

describe("a healthy endpoint among hostile ones", () => {
  it("is told while all of them still hold on", async () => {
    const healthy = await serve((socket) => socket.end(head("204 No Content")));
    const slow = hostileCases.filter(({ name }) => name === "never answers" || name === "drips header after header");
    const waiting = new Set<Promise<unknown>>();
    const hostile = await Promise.all(hostileCases.map(({ answer }) => serve(answer)));
    const patient = guardedHttps("any");
    const begin = (to: string) => patient.post({ endpoint: to, headers: {}, body: "{}" });
    const others = hostile.map(begin);
    for (const { answer } of [...slow, ...slow, ...slow]) {
      const attempt = begin(await serve(answer));
      waiting.add(attempt);
      void attempt.then(() => waiting.delete(attempt));
    }
    expect(await begin(healthy)).toMatchObject(ACCEPTED);
    expect(waiting.size).toBe(3 * slow.length);
    closeEndpoints();
    await Promise.all([...waiting, ...others]);
  });

  it("gets its next request on the connection it has", async () => {
    let connections = 0;
    const server = createHttpServer((request, response) => void request.resume().on("end", () => response.end("ok")));
    server.on("connection", () => {
      connections += 1;
    });
    const endpoint = await listen(server);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await post(endpoint)).toMatchObject(ACCEPTED);
      // undici has its connection free again a turn after the answer's end.
      await setImmediate();
    }
    expect(connections).toBe(1);
  });
});

describe("endpoints on more hosts than there may be connections kept to", () => {
  it("are all told, and few connections stay", async () => {
    const few = guardedHttps("any", { ...BOUNDS, origins: 3 });
    const answer = () =>
      listen(createHttpServer((request, response) => void request.resume().on("end", () => response.end())));
    const endpoints = await Promise.all(Array.from({ length: 20 }, answer));
    const outcomes = await Promise.all(endpoints.map((endpoint) => few.post({ endpoint, headers: {}, body: "{}" })));
    expect(outcomes).toMatchObject(endpoints.map(() => ACCEPTED));
    await until("the end of most connections", () => sockets.size <= 3, { moving: () => sockets.size });
  });
});

describe("a request that cannot be made", () => {
  it.each([
    ["the endpoint is not an address", "nonsense", {}],
    ["UND_ERR_INVALID_ARG", "http://127.0.0.1:9/", { "x-broken": "line\r\nbreak" }],
  ])("is refused as never written: %s", async (reason, endpoint, headers) => {
    expect(await https.post({ endpoint, headers, body: "{}" })).toMatchObject({
      outcome: "unavailable",
      reason,
      retryAfterMs: null,
    });
  });
});
