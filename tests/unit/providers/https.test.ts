import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { guardedHttps, parseRetryAfter } from "../../../functions/providers/https.ts";

let server: Server | null = null;

async function serve(listener: RequestListener): Promise<string> {
  const running = createServer(listener);
  server = running;
  await new Promise<void>((resolve) => running.listen(0, "127.0.0.1", resolve));
  const address = running.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/hook`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

const post = (endpoint: string, targets: "any" | "public" = "any") =>
  guardedHttps(targets).post({ endpoint, headers: { "webhook-id": "msg_1" }, body: "{}" });

describe("guarded POST", () => {
  it("takes any 2xx for an acceptance and sends body and headers as given", async () => {
    const seen: unknown[] = [];
    const endpoint = await serve((request, response) => {
      request.on("data", (data) =>
        seen.push(String(data), request.headers["webhook-id"], request.headers["content-type"]),
      );
      request.on("end", () => response.writeHead(204).end());
    });
    expect(await post(endpoint)).toMatchObject({ outcome: "accepted", providerId: null });
    expect(seen).toEqual(["{}", "msg_1", "application/json"]);
  });

  it("never follows a redirect", async () => {
    let calls = 0;
    const endpoint = await serve((_, response) => {
      calls += 1;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await post(endpoint)).toMatchObject({ outcome: "unavailable", reason: "http 302", retryAfterMs: null });
    expect(calls).toBe(1);
  });

  it("reads 410 as gone", async () => {
    const endpoint = await serve((_, response) => response.writeHead(410).end());
    expect(await post(endpoint)).toMatchObject({ outcome: "gone", reason: "http 410" });
  });

  it("heeds Retry-After on 429", async () => {
    const endpoint = await serve((_, response) => response.writeHead(429, { "retry-after": "120" }).end());
    expect(await post(endpoint)).toMatchObject({ outcome: "unavailable", reason: "http 429", retryAfterMs: 120_000 });
  });

  it("does not read an endless answer to its end", async () => {
    let written = 0;
    const endpoint = await serve((_, response) => {
      response.writeHead(200);
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    expect(await post(endpoint)).toMatchObject({ outcome: "accepted", providerId: null });
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  it("knows that a refused connection was never written to", async () => {
    const endpoint = await serve(() => {});
    await new Promise((resolve) => server?.close(resolve));
    expect(await post(endpoint)).toMatchObject({ outcome: "unavailable", reason: "ECONNREFUSED", retryAfterMs: null });
  });

  it("does not know what became of a request whose connection was reset", async () => {
    const endpoint = await serve((request) => request.socket.destroy());
    expect((await post(endpoint)).outcome).toBe("unknown");
  });

  it.each([
    "http://example.com/",
    "https://user:password@example.com/",
    "https://example.com:8080/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://localhost/",
    "https://169.254.169.254/latest/meta-data/",
  ])("in production never calls %s", async (endpoint) => {
    expect((await post(endpoint, "public")).outcome).toBe("unavailable");
  });
});

describe("Retry-After", () => {
  it("is seconds or a date", () => {
    const now = Date.parse("2026-11-23T00:00:00Z");
    expect(parseRetryAfter("7", now)).toBe(7_000);
    expect(parseRetryAfter("Mon, 23 Nov 2026 00:01:00 GMT", now)).toBe(60_000);
    expect(parseRetryAfter("soon", now)).toBeNull();
  });
});
