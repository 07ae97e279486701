import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import type { FunctionLog } from "../../infra/local/function-log.ts";
import { closeServer, freePorts, listen } from "../../infra/local/listen.ts";
import { FunctionFailure } from "../../infra/local/local-function.ts";
import { matchRoute, parseRouteKey } from "../../infra/local/resources/api-route.ts";
import { serveApi } from "../../infra/local/resources/api-server.ts";
import { failuresIn } from "../../infra/local/resources/batch-response.ts";
import { runBatch } from "../../infra/local/resources/stream-batch.ts";
import { clientsFor } from "../../infra/local/services.ts";

const log: FunctionLog = { output: () => {}, problem: () => {}, close: async () => {} };

describe("what a function says of its batch", () => {
  it.each([
    ["nothing", null, []],
    ["no failures", { batchItemFailures: [] }, []],
    ["no list", {}, []],
    ["one failure", { batchItemFailures: [{ itemIdentifier: "b" }] }, ["b"]],
    ["a stranger", { batchItemFailures: [{ itemIdentifier: "z" }] }, ["a", "b"]],
    ["an empty name", { batchItemFailures: [{ itemIdentifier: "" }] }, ["a", "b"]],
    ["no sense", { batchItemFailures: "all" }, ["a", "b"]],
  ])("%s", (_name, response, failed) => {
    expect([...failuresIn(response, ["a", "b"])]).toEqual(failed);
  });
});

describe("a batch of stream records", () => {
  // Lengths differ: compared as text, 10 would come before 9.
  const records = ["8", "9", "10", "11"].map((SequenceNumber) => ({ dynamodb: { SequenceNumber } }));

  const run = async (
    invoke: (sequenceNumbers: string[]) => unknown,
    options: { bisect?: boolean; maximumRetries?: number; partialFailures?: boolean },
  ) => {
    const calls: string[][] = [];
    const { sqs, close } = await queueTaking();
    const outcome = await runBatch(
      "shard-1",
      records,
      {
        sqs,
        streamArn: "arn:aws:dynamodb:eu-central-1:000000000000:table/t/stream/1",
        target: {
          name: "reader",
          invoke: async (payload) => {
            const numbers = [...JSON.stringify(payload).matchAll(/"SequenceNumber":"(\d+)"/g)].map(([, n = ""]) => n);
            calls.push(numbers);
            return invoke(numbers);
          },
        },
        bisect: options.bisect ?? false,
        maximumRetries: options.maximumRetries ?? 0,
        maximumAgeSeconds: -1,
        partialFailures: options.partialFailures ?? false,
        failureQueueUrl: "http://127.0.0.1/000000000000/dropped",
        log,
      },
      new AbortController().signal,
    );
    const dropped = await close();
    return { outcome, calls, dropped };
  };

  it("is handled at once when nothing fails", async () => {
    const { calls, dropped } = await run(() => null, {});
    expect(calls).toEqual([["8", "9", "10", "11"]]);
    expect(dropped).toEqual([]);
  });

  it("is cut in two until the bad record is alone, and that one goes to the on-failure queue", async () => {
    const { calls, dropped } = await run(
      (numbers) => {
        if (numbers.includes("10")) throw new FunctionFailure("bad record");
      },
      { bisect: true },
    );
    expect(calls).toEqual([["8", "9", "10", "11"], ["8", "9"], ["10", "11"], ["10"], ["11"]]);
    expect(dropped).toMatchObject([
      {
        requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 1 },
        DDBStreamBatchInfo: { shardId: "shard-1", startSequenceNumber: "10", endSequenceNumber: "10", batchSize: 1 },
      },
    ]);
  });

  it("goes on from the first record that a partial failure names, as often as it may be retried", async () => {
    let failures = 0;
    const { calls, dropped } = await run(
      (numbers) => {
        if (!numbers.includes("10") || ++failures > 2) return { batchItemFailures: [] };
        return { batchItemFailures: [{ itemIdentifier: "11" }, { itemIdentifier: "10" }] };
      },
      { partialFailures: true, maximumRetries: 1 },
    );
    expect(calls).toEqual([
      ["8", "9", "10", "11"],
      ["10", "11"],
      ["10", "11"],
    ]);
    expect(dropped).toEqual([]);
  });

  it("is described to the on-failure queue when its retries are used up", async () => {
    const { calls, dropped } = await run(
      () => {
        throw new FunctionFailure("never works");
      },
      { maximumRetries: 1 },
    );
    expect(calls).toHaveLength(2);
    expect(dropped).toMatchObject([{ DDBStreamBatchInfo: { startSequenceNumber: "8", endSequenceNumber: "11" } }]);
  });
});

/** An SQS that takes anything; `close` gives what it took. */
async function queueTaking() {
  const taken: unknown[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { MessageBody } = JSON.parse(Buffer.concat(chunks).toString());
    taken.push(JSON.parse(MessageBody));
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end('{"MessageId":"1"}');
  });
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  return {
    sqs: clientsFor({ dynamodb: url, fauxqs: url, ses: url }).sqs,
    close: async () => {
      await closeServer(server);
      return taken;
    },
  };
}

describe("routes of an HTTP API", () => {
  const routes = ["$default", "ANY /v1/{proxy+}", "GET /v1/{proxy+}", "GET /v1/pages/{id}", "GET /v1/pages/all"].map(
    (key) => parseRouteKey(key, "Pipeline/Route"),
  );

  it.each([
    ["GET", "/v1/pages/all", "GET /v1/pages/all", {}],
    ["GET", "/v1/pages/abc", "GET /v1/pages/{id}", { id: "abc" }],
    ["GET", "/v1/pages/abc/incidents", "GET /v1/{proxy+}", { proxy: "pages/abc/incidents" }],
    ["POST", "/v1/pages/abc", "ANY /v1/{proxy+}", { proxy: "pages/abc" }],
    ["GET", "/v2", "$default", {}],
  ])("%s %s", (method, path, key, pathParameters) => {
    expect(matchRoute(routes, method, path)).toMatchObject({ route: { key }, pathParameters });
  });

  it("gives null where no route matches", () => {
    expect(matchRoute(routes.slice(1), "GET", "/v2")).toBeNull();
  });
});

describe("an HTTP API", () => {
  const serve = async (invoke: (payload: unknown) => Promise<unknown>) => {
    const [port = 0] = await freePorts(1);
    const target = { name: "api", invoke };
    const routes = [{ ...parseRouteKey("ANY /v1/{proxy+}", "Pipeline/Route"), target }];
    const stop = await serveApi({ port, routes, cors: null, log });
    return { url: `http://127.0.0.1:${port}`, stop };
  };

  it("hands over payload format 2.0, forms in base64", async () => {
    const { url, stop } = await serve(async (payload) => ({ statusCode: 201, body: JSON.stringify(payload) }));
    const answer = await fetch(`${url}/v1/a%20b?x=1&x=2&y=%C3%A4`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", cookie: "a=1; b=2" },
      body: "name=value",
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      version: "2.0",
      routeKey: "ANY /v1/{proxy+}",
      rawPath: "/v1/a b",
      rawQueryString: "x=1&x=2&y=%C3%A4",
      cookies: ["a=1", "b=2"],
      queryStringParameters: { x: "1,2", y: "ä" },
      pathParameters: { proxy: "a b" },
      requestContext: { http: { method: "POST", sourceIp: "127.0.0.1" }, stage: "$default" },
      isBase64Encoded: true,
      body: Buffer.from("name=value").toString("base64"),
    });
    await stop();
  });

  it("answers for a failed function and for what has no route, and passes cookies and bytes", async () => {
    const { url, stop } = await serve(async (payload) => {
      if (JSON.stringify(payload).includes("/v1/fail")) throw new FunctionFailure("broken");
      return { statusCode: 200, cookies: ["a=1", "b=2"], body: "aGFsbG8=", isBase64Encoded: true };
    });
    const failed = await fetch(`${url}/v1/fail`);
    expect([failed.status, await failed.json()]).toEqual([500, { message: "Internal Server Error" }]);
    const missing = await fetch(`${url}/v2`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: "Not Found" }]);
    const good = await fetch(`${url}/v1/good`);
    expect([good.headers.getSetCookie(), await good.text()]).toEqual([["a=1", "b=2"], "hallo"]);
    await stop();
  });
});
