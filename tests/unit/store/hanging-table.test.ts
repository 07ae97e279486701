import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { expect, it } from "vitest";
import * as z from "zod";
import { LEASE_MS } from "../../../functions/core/lease.ts";
import { TABLE_TIMES } from "../../../functions/lambda/sdk-times.ts";
import { repeatWhileBusy } from "../../../functions/store/repeat.ts";
import { dynamoClient, getItem } from "../../../functions/store/table.ts";

/** A table's server that takes every request and ends none; `begin`: how its answer starts, if at all. */
async function hanging(onTestFinished: (end: () => void) => void, begin: (response: ServerResponse) => void) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    begin(response);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const client = dynamoClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "hanging", secretAccessKey: "hanging" },
  });
  return { client, asked: () => asked };
}

const key = { pk: "PAGE#pagepagepage", sk: "PAGE" };

it.concurrent("a table that never answers is an error, after as many tries as the SDK makes", async ({
  expect,
  onTestFinished,
}) => {
  const { client, asked } = await hanging(onTestFinished, () => {});
  await expect(getItem(client, "status", key)).rejects.toMatchObject({ name: "TimeoutError" });
  expect(asked()).toBe(await client.config.maxAttempts());
});

it.concurrent("an answer that begins and never ends is an error too", async ({ expect, onTestFinished }) => {
  const { client } = await hanging(onTestFinished, (response) => {
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0", "content-length": "1000" });
    response.write('{"Item":');
  });
  await expect(getItem(client, "status", key)).rejects.toMatchObject({ name: "TimeoutError" });
});

it("a write that is repeated for as long as may be ends before its sender does", async () => {
  let writes = 0;
  const write = () => {
    writes += 1;
    return Promise.reject(Object.assign(new Error("hangs"), { name: "TimeoutError" }));
  };
  await expect(repeatWhileBusy((count) => new Uint8Array(count), write)).rejects.toThrow("hangs");
  const tries = writes * (await dynamoClient({ region: "eu-central-1" }).config.maxAttempts());
  expect(tries * TABLE_TIMES.requestTimeout).toBeLessThan(LEASE_MS - 10_000);
});
