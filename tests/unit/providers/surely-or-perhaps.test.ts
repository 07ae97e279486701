import { once } from "node:events";
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { sesMail } from "../../../functions/providers/mail.ts";
import { refusalOf } from "../../../functions/providers/refusal.ts";
import { snsSms } from "../../../functions/providers/sms.ts";
import { snsTopic } from "../../../functions/providers/topic.ts";
import { HOST } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from "../../fixtures/expired-certificate.ts";
import { until } from "../../fixtures/progress.ts";

/**
 * Nobody is written to twice only if "surely not accepted" is never said of what the provider may have. Each failure is
 * made on a real socket, and what the provider got of it is counted.
 */

const later = afterTheTest();
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const unreached = { outcome: "sender problem", reason: "provider cannot be reached", reach: "everybody" };
const perhaps = { outcome: "unknown", reason: expect.any(String) };

/** Each call that has no idempotency token: made twice, it may be two letters. */
const CALLS = {
  "mail by SES": () => {
    const mail = sesMail("set", "status@example.com");
    return () => mail.send({ to: "anna@subscriber.example", raw: "From: x", tags: {} });
  },
  "SMS by SNS": () => {
    const sms = snsSms(0.15, null);
    return () => sms.send({ phone: "+4915112345678", country: "DE" }, "Down");
  },
};

/** An SDK that is asked by its environment to try again must not. */
function at(url: string): void {
  vi.stubEnv("AWS_MAX_ATTEMPTS", "5");
  vi.stubEnv("AWS_RETRY_MODE", "adaptive");
  vi.stubEnv("AWS_ENDPOINT_URL_SES", url);
  vi.stubEnv("AWS_ENDPOINT_URL_SNS", url);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

/** Its port. Ends with the test, and all its connections. */
async function opened(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}));
  });
  server.listen(0, HOST);
  await once(server, "listening");
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return z.object({ port: z.number() }).parse(server.address()).port;
}

/** A provider that reads whole requests and answers in this way; how many it has read. */
async function provider(answer: (response: ServerResponse, nth: number) => void): Promise<() => number> {
  let read = 0;
  const server = createHttpServer((request, response) => {
    request.resume().on("end", () => {
      read += 1;
      answer(response, read);
    });
  });
  at(`http://${HOST}:${await opened(server)}`);
  return () => read;
}

async function tcp(serve: (socket: Socket) => void): Promise<void> {
  at(`https://${HOST}:${await opened(createTcpServer(serve))}`);
}

/** What comes of it while time passes, five seconds at a look. */
async function inTime<T>(sent: Promise<T>): Promise<T> {
  let isKnown = false;
  const known = sent.finally(() => {
    isKnown = true;
  });
  await until("an outcome", async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    return isKnown;
  });
  return known;
}

describe.each(Object.entries(CALLS))("%s", (_name, prepare) => {
  describe("was surely not accepted", () => {
    it("where nobody listens", async () => {
      const server = createTcpServer();
      const port = await opened(server);
      server.close();
      await once(server, "close");
      at(`http://${HOST}:${port}`);
      expect(await prepare()()).toEqual(unreached);
    });

    it("where the name is none", async () => {
      // No resolver is asked for a label of more than 63 characters.
      at(`http://${"a".repeat(64)}.invalid`);
      expect(await prepare()()).toEqual(unreached);
    });

    it.each([
      ["the connection ends within the handshake", (socket: Socket) => socket.destroy()],
      ["nobody speaks TLS", (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
      // RFC 8446, 6.2: fatal alerts.
      ["the handshake is refused", (socket: Socket) => socket.end(Buffer.from("15030300020228", "hex"))],
      ["no version is spoken by both", (socket: Socket) => socket.end(Buffer.from("15030100020246", "hex"))],
    ])("where %s", async (_, serve) => {
      await tcp(serve);
      expect(await prepare()()).toEqual(unreached);
    });

    it("where the certificate is not the provider's, who then got nothing", async () => {
      let read = 0;
      const server = createHttpsServer({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY }, (_, response) => {
        read += 1;
        response.end();
      });
      at(`https://${HOST}:${await opened(server)}`);
      expect(await prepare()()).toEqual(unreached);
      expect(read).toBe(0);
    });

    it("where no connection was free in time; those that had one may have been taken", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const read = await provider(() => {});
      const send = prepare();
      // As many as the SDK keeps open.
      const sent = Array.from({ length: 50 }, send);
      await until("all connections in use", () => read() === 50);
      const last = send();
      await until("the timers of a call", () => vi.getTimerCount() > 50);
      expect(await inTime(last)).toEqual(unreached);
      expect(new Set((await inTime(Promise.all(sent))).map(({ outcome }) => outcome))).toEqual(new Set(["unknown"]));
      expect(read()).toBe(50);
    });
  });

  describe("may have been accepted", () => {
    it.each([
      ["the connection ends instead of an answer", (response: ServerResponse) => response.socket?.end()],
      ["it is reset instead of an answer", (response: ServerResponse) => response.socket?.resetAndDestroy()],
      [
        "an answer is cut off",
        (response: ServerResponse) => {
          response.writeHead(200, { "content-type": "text/xml", "content-length": "1000" });
          response.write("<", () => response.destroy());
        },
      ],
      ["an answer cannot be read", (response: ServerResponse) => response.end("<Publish")],
      [
        "it was not the provider who said 502",
        (response: ServerResponse) => response.writeHead(502).end("Bad Gateway"),
      ],
      ["the provider is in trouble", (response: ServerResponse) => response.writeHead(500).end()],
      ["there is nothing in an answer of 504", (response: ServerResponse) => response.writeHead(504).end()],
    ])("where %s; it is asked once", async (_, answer) => {
      const read = await provider(answer);
      expect(await prepare()()).toEqual(perhaps);
      expect(read()).toBe(1);
    });

    it("where no answer comes; it is asked once", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const read = await provider(() => {});
      const sent = prepare()();
      await until("the request", () => read() === 1);
      expect(await inTime(sent)).toEqual(perhaps);
      expect(read()).toBe(1);
    });

    it("where a connection is reset within the handshake: Node does not say how far it had come", async () => {
      await tcp((socket) => socket.once("data", () => socket.resetAndDestroy()));
      expect(await prepare()()).toEqual(perhaps);
    });

    it("where a connection that was kept open ends when it is used again", async () => {
      const read = await provider((response, nth) => {
        if (nth === 2) response.socket?.resetAndDestroy();
        else response.end("<PublishResponse/>");
      });
      const send = prepare();
      expect(await send()).toMatchObject({ outcome: "accepted" });
      expect(await send()).toEqual(perhaps);
      expect(read()).toBe(2);
    });

    it.each(["TLSv1.2", "TLSv1.3"] as const)(
      "where others break into the connection once it is written: %s",
      async (version) => {
        const versions = { minVersion: version, maxVersion: version };
        const down: Socket[] = [];
        let read = 0;
        const server = createHttpsServer({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY, ...versions }, (request) => {
          request.resume().on("end", () => {
            read += 1;
            for (const socket of down) socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
          });
        });
        const port = await opened(server);
        await tcp((socket) => {
          down.push(socket);
          const up = connect(port, HOST, () => socket.pipe(up)).on("error", () => {});
          up.on("data", (data) => socket.write(data));
        });
        // For these two connections on this machine the certificate does.
        vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
        expect(await prepare()()).toEqual(perhaps);
        expect(read).toBe(1);
      },
    );
  });

  it.each([
    [400, "Throttling", { outcome: "throttled" }],
    [429, "TooManyRequestsException", { outcome: "throttled" }],
    [503, "Throttling", { outcome: "throttled" }],
    [400, "RequestTimeTooSkewed", { outcome: "sender problem", reason: "credentials refused", reach: "everybody" }],
  ])("that is refused with %i %s is asked once", async (status, code, expected) => {
    const read = await provider((response) =>
      response
        .writeHead(status, { "content-type": "text/xml" })
        .end(`<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`),
    );
    expect(await prepare()()).toEqual(expected);
    expect(read()).toBe(1);
  });
});

describe("an update for the topic, which may come twice,", () => {
  const publish = () =>
    snsTopic("arn:aws:sns:eu-central-1:123456789012:updates").publish("{}", {
      page: "page00000000",
      incident: "incident0000",
      status: "resolved",
      impact: "none",
      componentIds: [],
    });

  it("is published later where the topic cannot be reached", async () => {
    await tcp((socket) => socket.destroy());
    expect(await publish()).toEqual({ outcome: "unavailable", reason: "provider cannot be reached" });
  });

  it("is published later where no answer comes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const read = await provider(() => {});
    const published = publish();
    await until("the request", () => read() === 1);
    expect(await inTime(published)).toEqual({ outcome: "unavailable", reason: "ETIMEDOUT" });
    expect(read()).toBe(1);
  });
});

/** What a machine of one's own cannot be made to do. */
describe("of an error of Node's", () => {
  const system = (code: string, syscall: string) => Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
  const all = (...errors: Error[]) => Object.assign(new AggregateError(errors), { code: "ETIMEDOUT" });
  it.each([
    ["a connection that timed out", system("ETIMEDOUT", "connect"), "sender"],
    ["a connection that was reset", system("ECONNRESET", "connect"), "sender"],
    ["no port left", system("EADDRNOTAVAIL", "connect"), "sender"],
    ["no way to the host", system("EHOSTUNREACH", "connect"), "sender"],
    ["no file handle left", system("EMFILE", "socket"), "sender"],
    ["a resolver that is busy", system("EAI_AGAIN", "getaddrinfo"), "sender"],
    ["a resolver that answers nothing", system("ETIMEOUT", "getaddrinfo"), "sender"],
    ["all addresses of a host", all(system("ETIMEDOUT", "connect"), system("ENETUNREACH", "connect")), "sender"],
    [
      "one of a host's addresses that was written to",
      all(system("ETIMEDOUT", "connect"), system("EPIPE", "write")),
      "nobody knows",
    ],
    ["no address at all", all(), "nobody knows"],
    ["an answer that was cut off", system("ECONNRESET", "read"), "nobody knows"],
    ["a request that was cut off", system("EPIPE", "write"), "nobody knows"],
    ["a request that timed out", system("ETIMEDOUT", "read"), "nobody knows"],
    ["a socket that hung up", Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }), "nobody knows"],
    ["nothing that says more", new Error("no"), "nobody knows"],
  ])("%s", (_, error, whose) => {
    for (const name of ["Error", "TimeoutError"]) {
      expect(refusalOf("ses", Object.assign(error, { name })).whose).toBe(whose);
    }
  });

  it.each([null, undefined, "ECONNREFUSED", { code: "ECONNREFUSED" }])("%j, which is none", (thrown) => {
    expect(refusalOf("ses", thrown)).toEqual({ whose: "nobody knows", reason: "unknown error" });
  });
});
