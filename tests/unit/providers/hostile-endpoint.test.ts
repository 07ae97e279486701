import { X509Certificate } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";
import { buildConnector } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../functions/core/attempt.ts";
import { guardedHttps, POST_BOUNDS } from "../../../functions/providers/https.ts";
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from "../../fixtures/expired-certificate.ts";

/** Production's bounds, shorter: what holds for the ones holds for the others. */
const BOUNDS = { ...POST_BOUNDS, connectMs: 400, wholeMs: 1_200, bodyMs: 300 };
/** Besides the bound itself, what a busy machine may take to notice. */
const SLACK_MS = 1_500;

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server, scheme = "http"): Promise<string> {
  servers.push(server);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `${scheme}://127.0.0.1:${address.port}/hook`;
}

/** Answers each request's first bytes by writing to the bare connection. */
const serve = (answer: (socket: Socket) => void) =>
  listen(createServer((socket) => void socket.once("data", () => answer(socket))));

const https = guardedHttps("any", BOUNDS);
const post = (endpoint: string) => https.post({ endpoint, headers: { "webhook-id": "msg_1" }, body: "{}" });

async function timed(endpoint: string): Promise<{ outcome: AttemptOutcome; ms: number }> {
  const began = performance.now();
  const outcome = await post(endpoint);
  return { outcome, ms: performance.now() - began };
}

const ACCEPTED = { outcome: "accepted", providerId: null };
const head = (status: string, ...fields: string[]) =>
  `HTTP/1.1 ${status}\r\n${fields.map((f) => `${f}\r\n`).join("")}\r\n`;
const every = (ms: number, socket: Socket, write: () => void) => {
  const timer = setInterval(write, ms);
  socket.on("close", () => clearInterval(timer));
};
/** As fast as the connection takes it. */
function pour(socket: Socket, chunk: Buffer, poured: { bytes: number }): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk)) poured.bytes += chunk.length;
    if (!socket.destroyed) socket.once("drain", more);
  };
  more();
}

interface Case {
  name: string;
  answer: (socket: Socket) => void;
  outcome: object;
  within: number;
}
const cases: Case[] = [
  {
    name: "never answers",
    answer: () => {},
    outcome: { outcome: "unknown", reason: "timeout" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "drips its head, byte by byte",
    answer: (socket) => every(50, socket, () => socket.write("H")),
    // Not HTTP from its second byte on.
    outcome: { outcome: "unknown" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "drips header after header",
    answer: (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      every(50, socket, () => socket.write("x-drip: 1\r\n"));
    },
    outcome: { outcome: "unknown", reason: "timeout" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "drips its body for ever",
    answer: (socket) => {
      socket.write(head("200 OK", "content-length: 1000000"));
      every(50, socket, () => socket.write("."));
    },
    outcome: ACCEPTED,
    within: BOUNDS.bodyMs,
  },
  {
    name: "announces a body and sends none",
    answer: (socket) => socket.write(head("200 OK", "content-length: 10")),
    outcome: ACCEPTED,
    within: BOUNDS.bodyMs,
  },
  {
    name: "sends informational answers for ever",
    answer: (socket) => every(20, socket, () => socket.write(head("103 Early Hints", "link: </a>"))),
    outcome: { outcome: "unknown" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "sends 10,000 headers",
    answer: (socket) => socket.write(head("200 OK", ...Array.from({ length: 10_000 }, (_, n) => `x-${n}: ${n}`))),
    outcome: { outcome: "unknown", reason: "UND_ERR_HEADERS_OVERFLOW" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "is no HTTP server",
    answer: (socket) => socket.write("220 mail.example.com ESMTP\r\n"),
    outcome: { outcome: "unknown" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "resets the connection after the request",
    answer: (socket) => socket.resetAndDestroy(),
    outcome: { outcome: "unknown", reason: "ECONNRESET" },
    within: BOUNDS.wholeMs,
  },
  {
    name: "resets the connection within its body",
    answer: (socket) => {
      socket.write(`${head("200 OK", "content-length: 100")}some`, () => socket.resetAndDestroy());
    },
    outcome: ACCEPTED,
    within: BOUNDS.wholeMs,
  },
  {
    name: "redirects",
    answer: (socket) =>
      socket.end(head("307 Temporary Redirect", "location: http://169.254.169.254/", "content-length: 0")),
    outcome: { outcome: "unavailable", reason: "http 307", retryAfterMs: null },
    within: BOUNDS.wholeMs,
  },
  {
    name: "is gone, and says so at length",
    answer: (socket) => {
      socket.write(head("410 Gone", "content-length: 1000000"));
      every(50, socket, () => socket.write("."));
    },
    outcome: { outcome: "gone", reason: "http 410" },
    within: BOUNDS.bodyMs,
  },
  {
    name: "asks to come again later",
    answer: (socket) => socket.end(head("429 Too Many Requests", "retry-after: 90", "content-length: 0")),
    outcome: { outcome: "unavailable", reason: "http 429", retryAfterMs: 90_000 },
    within: BOUNDS.wholeMs,
  },
  {
    name: "is down for a while, until a date",
    answer: (socket) => {
      const until = new Date(Date.now() + 600_000).toUTCString();
      socket.end(head("503 Service Unavailable", `retry-after: ${until}`, "content-length: 0"));
    },
    outcome: { outcome: "unavailable", reason: "http 503", retryAfterMs: expect.closeTo(600_000, -4) },
    within: BOUNDS.wholeMs,
  },
];

describe("an endpoint that", () => {
  it.each(cases)("$name: ends in time, its connection closed", async ({ answer, outcome, within }) => {
    const { outcome: ended, ms } = await timed(await serve(answer));
    expect(ended).toMatchObject(outcome);
    expect(ms).toBeLessThan(within + SLACK_MS);
    await expect.poll(() => sockets.size, { timeout: SLACK_MS }).toBe(0);
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
    const { outcome, ms } = await timed(endpoint);
    expect(outcome).toMatchObject({ outcome: "unavailable", reason: "connect timeout", retryAfterMs: null });
    expect(ms).toBeLessThan(BOUNDS.wholeMs + SLACK_MS);
  });
});

describe("a healthy endpoint among hostile ones", () => {
  it("is told while all of them still hold on", async () => {
    const healthy = await serve((socket) => socket.end(head("204 No Content")));
    const slow = cases.filter(({ name }) => name === "never answers" || name === "drips header after header");
    const waiting = new Set<Promise<unknown>>();
    const hostile = await Promise.all(cases.map(({ answer }) => serve(answer)));
    const others = hostile.map(post);
    for (const { answer } of [...slow, ...slow, ...slow]) {
      const attempt = post(await serve(answer));
      waiting.add(attempt);
      void attempt.then(() => waiting.delete(attempt));
    }
    expect(await post(healthy)).toMatchObject(ACCEPTED);
    expect(waiting.size).toBe(3 * slow.length);
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
    await expect.poll(() => sockets.size, { timeout: SLACK_MS }).toBeLessThanOrEqual(3);
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
