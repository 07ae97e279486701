import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { admitOnly } from "../../infra/local/visitors.ts";

const server = createServer((_request, response) => response.end("admitted"));
let port = 0;
beforeAll(async () => {
  admitOnly("readers", server);
  port = await listen(server, 0);
});
afterAll(() => closeServer(server));

/** The status of the answer to what is written by hand, as no HTTP client would write it. */
async function statusOf(lines: readonly string[]): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  socket.write([...lines, "Connection: close", "", ""].join("\r\n"));
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await text(socket))?.[1]);
}

describe("a server on this machine answers", () => {
  it.each<[string, () => string[]]>([
    ["its own name", () => ["GET / HTTP/1.1", `Host: localhost:${port}`]],
    ["a target that names it", () => [`GET http://127.0.0.1:${port}/ HTTP/1.1`, `Host: localhost:${port}`]],
    ["what is asked of the whole server", () => ["OPTIONS * HTTP/1.1", `Host: localhost:${port}`]],
  ])("%s", async (_what, lines) => {
    expect(await statusOf(lines())).toBe(200);
  });

  it.each<[string, () => string[]]>([
    ["a target elsewhere", () => ["GET http://evil.example/ HTTP/1.1", `Host: localhost:${port}`]],
    ["a target on another port", () => [`GET http://localhost:1/ HTTP/1.1`, `Host: localhost:${port}`]],
    ["a second Host", () => ["GET / HTTP/1.1", `Host: localhost:${port}`, "Host: evil.example"]],
    ["a second Host that is its own", () => ["GET / HTTP/1.1", "Host: evil.example", `Host: localhost:${port}`]],
    ["a Host before HTTP/1.1 asked for one", () => ["GET / HTTP/1.0"]],
    ["an empty Host", () => ["GET / HTTP/1.1", "Host:"]],
    ["a user's name before its own", () => ["GET / HTTP/1.1", `Host: evil.example@localhost:${port}`]],
    ["its own name with the root's dot", () => ["GET / HTTP/1.1", `Host: localhost.:${port}`]],
    ["any other way to write this machine", () => ["GET / HTTP/1.1", `Host: 0.0.0.0:${port}`]],
    ["an upgrade for another", () => ["GET / HTTP/1.1", "Host: evil.example", "Upgrade: websocket"]],
  ])("not %s", async (_what, lines) => {
    expect(await statusOf(lines())).toBe(421);
  });
});
