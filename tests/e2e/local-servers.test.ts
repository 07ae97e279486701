import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { descendants, type Listening, listeningOf } from "../fixtures/processes.ts";
import { type SharedStack, sharedStack } from "./shared-stack.ts";

const lockSchema = z.object({ pid: z.number() });

let stack: SharedStack;
let servers: Listening[];
beforeAll(async () => {
  stack = await sharedStack();
  const { pid } = lockSchema.parse(JSON.parse(await readFile(join(stack.data, "lock.json"), "utf8")));
  servers = await listeningOf(await descendants(pid));
});

/** By hand: `fetch` sets Host, Origin and the Sec-Fetch fields itself. */
function ask({ host, port }: { host: string; port: number }, headers: Record<string, string>, method = "GET") {
  return new Promise<{ status: number; allowed: string | undefined; body: string }>((resolve, reject) => {
    const asking = request({ host, port, method, headers, path: "/", agent: false }, async (answer) => {
      const allowed = answer.headers["access-control-allow-origin"];
      resolve({ status: answer.statusCode ?? 0, allowed, body: await text(answer) });
    });
    asking.once("error", reject).end();
  });
}

const inProcess = () => servers.filter(({ command }) => !command.includes("dynoxide"));
const at = (url: string) => ({ host: "127.0.0.1", port: Number(new URL(url).port) });
const programs = () => {
  const { page, api, subscriptions, outbox } = stack.endpoints;
  const people = [page, api, subscriptions, outbox].map((url) => at(url).port);
  return inProcess().filter(({ port }) => !people.includes(port));
};

describe("the servers of the local stack", () => {
  it("are the four that people see, the mail provider's two, the queues and the tables, all on loopback", () => {
    expect(inProcess().map(({ host }) => host)).toEqual(Array.from({ length: 7 }, () => "127.0.0.1"));
    const tables = servers.filter(({ command }) => command.includes("dynoxide"));
    expect(tables).toHaveLength(1);
    for (const { host } of servers) expect(host).toMatch(/^127\./);
  });

  it("answer no name that only points to this machine", async () => {
    for (const server of inProcess()) {
      for (const host of ["rebound.example", `rebound.example:${server.port}`, `127.0.0.1:${server.port}.example`]) {
        for (const method of ["GET", "POST", "OPTIONS"]) {
          expect(await ask(server, { host }, method), `${server.port} ${host}`).toMatchObject({
            status: 421,
            allowed: undefined,
          });
        }
      }
    }
  });

  it("answer this machine's own names, each with the port", async () => {
    for (const name of ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"]) {
      for (const server of inProcess()) {
        const { status } = await ask(server, { host: `${name}:${server.port}` });
        expect([421, 403], `${server.port} ${name}`).not.toContain(status);
      }
    }
    for (const { host, port } of inProcess()) expect((await ask({ host, port }, { host })).status).toBe(421);
  });

  it("that only programs use answer no web page at all", async () => {
    expect(programs()).toHaveLength(3);
    for (const server of programs()) {
      const host = `127.0.0.1:${server.port}`;
      for (const [field, value] of [
        ["origin", "https://evil.example"],
        ["origin", "null"],
        ["origin", stack.endpoints.page],
        ["sec-fetch-site", "cross-site"],
        ["sec-fetch-site", "same-site"],
      ] as const) {
        for (const method of ["GET", "POST", "OPTIONS"]) {
          const answer = await ask(server, { host, [field]: value }, method);
          expect(answer, `${server.port} ${field} ${value}`).toMatchObject({ status: 403, allowed: undefined });
        }
      }
    }
  });

  it("keep the mailbox to its own page, and to links that lead there", async () => {
    const mailbox = at(stack.endpoints.outbox);
    const host = `127.0.0.1:${mailbox.port}`;
    const asked = async (headers: Record<string, string>) => (await ask(mailbox, { host, ...headers })).status;
    expect(await asked({ origin: "https://evil.example" })).toBe(403);
    expect(await asked({ origin: "null" })).toBe(403);
    expect(await asked({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
    expect(await asked({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(200);
    expect(await asked({ origin: `http://${host}`, "sec-fetch-site": "same-origin" })).toBe(200);
  });

  it("show the page to any other, and take forms from the page across", async () => {
    const { page, subscriptions } = stack.endpoints;
    const elsewhere = await fetch(`${page}/api/v2/status.json`, { headers: { origin: "https://dashboard.example" } });
    expect([elsewhere.status, elsewhere.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    const signedUp = await fetch(`${subscriptions}/subscriptions/email`, {
      method: "POST",
      headers: { origin: page, "content-type": "application/x-www-form-urlencoded" },
      body: "email=across%40example.com",
    });
    expect(signedUp.status).toBe(202);
  });

  it("have the tables where no page finds them: not at an address that anybody would try", () => {
    const [tables] = servers.filter(({ command }) => command.includes("dynoxide"));
    expect(tables?.host).not.toMatch(/^127\.0\.0\./);
  });
});
