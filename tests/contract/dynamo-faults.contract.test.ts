import { randomBytes } from "node:crypto";
import {
  type BatchGetItemCommandInput,
  type DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../../functions/store/subscribers/dynamo-subscribers.ts";
import { batchGet } from "../../functions/store/table.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { aChunkKey, retrying } from "./ledger-subject.ts";
import { contractClient, describeOnDynamo, type Server } from "./on-both.ts";
import { anIncident, aPage, aSubscriber, NOW, opening } from "./samples.ts";

/** Refusals that the local server never gives, but DynamoDB does. */
describeOnDynamo("what DynamoDB may answer", (server) => {
  /** Each error is thrown once, instead of the command named. */
  async function failing({ client }: Server, command: string, errors: Error[]): Promise<DynamoDBClient> {
    const { url } = await endpointOf(client);
    const faulty = contractClient(url);
    faulty.middlewareStack.add(
      (next, context) => (args) => {
        const error = context.commandName === command ? errors.shift() : undefined;
        return error === undefined ? next(args) : Promise.reject(error);
      },
      { step: "initialize", name: "faults" },
    );
    return faulty;
  }

  async function endpointOf(client: DynamoDBClient): Promise<{ url: string }> {
    const endpoint = await client.config.endpoint?.();
    if (endpoint === undefined) throw new Error("the contract client has an endpoint");
    return { url: `${endpoint.protocol}//${endpoint.hostname}:${endpoint.port}` };
  }

  function cancelled(...codes: string[]): TransactionCanceledException {
    return new TransactionCanceledException({
      message: "cancelled",
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({ Code })),
    });
  }

  function named(name: string): Error {
    return Object.assign(new Error(name), { name });
  }

  const conflict = () => cancelled("None", "TransactionConflict", "None", "None");

  it("answers `conflict` to a commit that met another transaction", async () => {
    const here = server();
    const errors = [
      conflict(),
      named("TransactionInProgressException"),
      cancelled("ConditionalCheckFailed", "TransactionConflict"),
    ];
    const client = await failing(here, "TransactWriteItemsCommand", errors);
    const tables = { statusTable: here.tables.status, deliveriesTable: here.tables.deliveries };
    const page = aPage();
    await dynamoStatusStore({ client: here.client, ...tables }).createPage(page);
    const store = dynamoStatusStore({ client, ...tables });
    const commit = opening(anIncident(page.id));
    for (let times = 0; times < 3; times += 1) {
      expect(await store.commitIncident(commit)).toEqual({ outcome: "conflict" });
      expect(await store.getIncident(page.id, commit.incident.id)).toBeNull();
    }
    expect(await store.commitIncident(commit)).toEqual({ outcome: "committed" });
  });

  it("answers `conflict` to settings that met a transaction", async () => {
    const here = server();
    const client = await failing(here, "PutItemCommand", [named("TransactionConflictException")]);
    const store = dynamoStatusStore({
      client,
      statusTable: here.tables.status,
      deliveriesTable: here.tables.deliveries,
    });
    const page = aPage();
    await store.createPage(page);
    expect(await store.savePage(page)).toEqual({ outcome: "conflict" });
    expect(await store.savePage(page)).toEqual({ outcome: "committed" });
  });

  it("throws what is neither refusal nor conflict", async () => {
    const here = server();
    const client = await failing(here, "TransactWriteItemsCommand", [
      cancelled("ValidationError"),
      named("AccessDeniedException"),
    ]);
    const store = dynamoStatusStore({
      client,
      statusTable: here.tables.status,
      deliveriesTable: here.tables.deliveries,
    });
    const commit = opening(anIncident(aPage().id));
    await expect(store.commitIncident(commit)).rejects.toThrow(TransactionCanceledException);
    await expect(store.commitIncident(commit)).rejects.toThrow("AccessDenied");
  });

  it("tries a publication again through conflicts, and takes a lasting one for a page that moves", async () => {
    const here = server();
    const tables = { statusTable: here.tables.status, deliveriesTable: here.tables.deliveries };
    const page = aPage();
    await dynamoStatusStore({ client: here.client, ...tables }).createPage(page);
    const some = dynamoStatusStore({
      client: await failing(here, "TransactWriteItemsCommand", [conflict(), conflict()]),
      ...tables,
    });
    await some.leasePublication(page.id, "a", NOW, NOW + 100);
    expect(await some.finishPublication(page.id, "a", { version: 1, build: "one" })).toEqual({ outcome: "finished" });

    const many = await failing(here, "TransactWriteItemsCommand", Array.from({ length: 6 }, conflict));
    const store = dynamoStatusStore({ client: many, ...tables });
    await store.leasePublication(page.id, "b", NOW, NOW + 100);
    expect(await store.finishPublication(page.id, "b", { version: 1, build: "one" })).toEqual({ outcome: "stale" });
    expect(await store.finishPublication(page.id, "b", { version: 1, build: "one" })).toEqual({ outcome: "finished" });
  });

  it("creates and changes subscribers through conflicts", async () => {
    const here = server();
    const subscriber = aSubscriber(aPage().id);
    const creating = await failing(here, "TransactWriteItemsCommand", [conflict(), conflict()]);
    const store = dynamoSubscriberStore({ client: creating, table: here.tables.subscribers });
    expect(await store.create(subscriber)).toEqual({ outcome: "created" });
    const changing = await failing(here, "UpdateItemCommand", [named("TransactionConflictException")]);
    const other = dynamoSubscriberStore({ client: changing, table: here.tables.subscribers });
    const { pageId, channel, id } = subscriber;
    expect(await other.changeState(pageId, channel, id, { from: ["active"], to: "unsubscribed" }, NOW)).toMatchObject({
      outcome: "changed",
    });
  });

  it("records and changes deliveries through throttles that are thrown, and through a cancelled transaction's", async () => {
    const here = server();
    const throttled = () => named("ProvisionedThroughputExceededException");
    const recording = await failing(here, "BatchWriteItemCommand", [throttled(), named("InternalServerError")]);
    const table = here.tables.deliveries;
    const delivery = retrying(aChunkKey());
    await dynamoLedger({ client: recording, table, random: randomBytes }).recordDeliveries([delivery]);
    const ledger = dynamoLedger({ client: here.client, table, random: randomBytes });
    const { pageId, subject, seq, subscriberId } = delivery;
    const stored = async () => (await ledger.getDeliveries(pageId, subject, seq, [subscriberId]))[0]?.state;
    expect(await stored()).toBe("retrying");

    const cancelling = await failing(here, "TransactWriteItemsCommand", [
      cancelled("None", "ThrottlingError"),
      cancelled("ProvisionedThroughputExceeded", "None"),
    ]);
    const other = dynamoLedger({ client: cancelling, table, random: randomBytes });
    const ended = { ...delivery, state: "superseded" as const, nextAttemptAt: null };
    expect(await other.changeDelivery(delivery, ended, null)).toEqual({ outcome: "saved" });
    expect(await stored()).toBe("superseded");
  });

  it("asks again for keys that were left unprocessed", async () => {
    const here = server();
    const { url } = await endpointOf(here.client);
    const client = contractClient(url);
    const asked: number[] = [];
    // Hands most of the keys of each request back, as DynamoDB does when it is short of capacity.
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName !== "BatchGetItemCommand" || !isBatchGet(args.input)) return next(args);
        const request = args.input.RequestItems?.[here.tables.subscribers];
        const keys = request?.Keys ?? [];
        asked.push(keys.length);
        const served = { ...request, Keys: keys.slice(0, 40) };
        const result = await next({ ...args, input: { RequestItems: { [here.tables.subscribers]: served } } });
        const left = keys.slice(40);
        if (left.length > 0)
          Object.assign(result.output, { UnprocessedKeys: { [here.tables.subscribers]: { Keys: left } } });
        return result;
      },
      { step: "initialize", name: "unprocessed" },
    );
    const store = dynamoSubscriberStore({ client: here.client, table: here.tables.subscribers });
    const subscribers = Array.from({ length: 110 }, () => aSubscriber(aPage({ id: "aaaaaaaaaaaa" }).id));
    await Promise.all(subscribers.map((subscriber) => store.create(subscriber)));
    const faulty = dynamoSubscriberStore({ client, table: here.tables.subscribers });
    const found = await faulty.getMany(
      "aaaaaaaaaaaa",
      "email",
      subscribers.map(({ id }) => id),
    );
    expect(found.map(({ id }) => id).sort()).toEqual(subscribers.map(({ id }) => id).sort());
    expect(asked).toEqual([100, 60, 20, 10]);
    expect(await batchGet(client, here.tables.subscribers, [])).toEqual([]);
  });
});

function isBatchGet(input: object): input is BatchGetItemCommandInput {
  return "RequestItems" in input;
}

it("conflicts can be provoked in the fake, and its commits are told as the stream would", async () => {
  const store = memoryStatusStore({ putNotice: () => {} });
  const told: string[] = [];
  store.onCommit(({ pageId, updates, pageChanged }) =>
    told.push(`${pageId} ${updates.map(({ seq }) => seq)} ${pageChanged}`),
  );
  const page = aPage();
  await store.createPage(page);
  const commit = opening(anIncident(page.id));
  store.failNext("conflict", 2);
  expect(await store.commitIncident(commit)).toEqual({ outcome: "conflict" });
  expect(await store.commitIncident(commit)).toEqual({ outcome: "conflict" });
  expect(await store.commitIncident(commit)).toEqual({ outcome: "committed" });
  expect(told).toEqual([`${page.id}  true`, `${page.id} 1 true`]);
});
