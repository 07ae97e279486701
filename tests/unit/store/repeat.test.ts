import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import * as z from "zod";
import { sdkLogger } from "../../../functions/lambda/sdk-logger.ts";
import { TableBusyError } from "../../../functions/store/busy.ts";
import { putAll, repeatWhileBusy } from "../../../functions/store/repeat.ts";

/** The shortest pauses there are. */
const random = (count: number) => new Uint8Array(count);

const batchInputSchema = z.object({
  RequestItems: z.object({
    ledger: z.array(z.object({ PutRequest: z.object({ Item: z.object({ pk: z.object({ S: z.string() }) }) }) })),
  }),
});

function canceled(...codes: string[]): TransactionCanceledException {
  return new TransactionCanceledException({
    message: "canceled",
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
}

it("repeats a write that met another transaction until it gets through", async () => {
  const answers = [canceled("None", "TransactionConflict"), canceled("TransactionConflict", "None")];
  const outcome = await repeatWhileBusy(random, async () => {
    const refused = answers.shift();
    if (refused !== undefined) throw refused;
    return "through";
  });
  expect(outcome).toEqual({ refusal: null, result: "through" });
});

const named = (name: string) => Object.assign(new Error(name), { name });

it.each([
  ["a throttle that the SDK gave up on", named("ProvisionedThroughputExceededException")],
  ["a throttle of the account", named("RequestLimitExceeded")],
  ["any throttle", named("ThrottlingException")],
  ["a cancelled transaction, which the SDK does not repeat", canceled("None", "ThrottlingError")],
  ["its other reason", canceled("ProvisionedThroughputExceeded", "None")],
  ["both", canceled("TransactionConflict", "ThrottlingError")],
  ["an answer that got lost", named("InternalServerError")],
])("repeats a write through %s", async (_, error) => {
  const answers = [error, error, error];
  const outcome = await repeatWhileBusy(random, async () => {
    const refused = answers.shift();
    if (refused !== undefined) throw refused;
    return "through";
  });
  expect(outcome).toEqual({ refusal: null, result: "through" });
});

it("says whether surely nothing was done when the table stays busy", async () => {
  const throttled = named("ThrottlingException");
  await expect(repeatWhileBusy(random, () => Promise.reject(throttled))).rejects.toBeInstanceOf(TableBusyError);
  // One of the tries may have been carried out: another mark would not know it.
  const answers = [named("InternalServerError")];
  const unsure = repeatWhileBusy(random, () => Promise.reject(answers.shift() ?? throttled));
  await expect(unsure).rejects.toBe(throttled);
});

it.each(["ValidationError", "ItemCollectionSizeLimitExceeded", "AccessDenied"])(
  "does not repeat what stays: %s",
  async (code) => {
    let calls = 0;
    const staying = repeatWhileBusy(random, async () => {
      calls += 1;
      throw canceled("ThrottlingError", code);
    });
    await expect(staying).rejects.toBeInstanceOf(TransactionCanceledException);
    expect(calls).toBe(1);
  },
);

it("hands back a failed condition at once, also beside a conflict", async () => {
  let calls = 0;
  const outcome = await repeatWhileBusy(random, async () => {
    calls += 1;
    throw canceled("ConditionalCheckFailed", "TransactionConflict");
  });
  expect(outcome.refusal?.reasons).toEqual(["condition", "conflict"]);
  expect(calls).toBe(1);
});

it("throws when the conflict lasts, which is no answer", async () => {
  let calls = 0;
  const lasting = repeatWhileBusy(random, async () => {
    calls += 1;
    throw canceled("TransactionConflict");
  });
  await expect(lasting).rejects.toThrow("still in conflict");
  expect(calls).toBe(8);
});

it("throws what is no refusal, and hands back a refused single write", async () => {
  await expect(repeatWhileBusy(random, () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
  const refused = new ConditionalCheckFailedException({ message: "", $metadata: {} });
  const outcome = await repeatWhileBusy(random, () => Promise.reject(refused));
  expect(outcome.refusal?.reasons).toEqual(["condition"]);
});

it("puts 60 items in batches of 25 and repeats what was left unprocessed", async () => {
  const stored: string[] = [];
  const sizes: number[] = [];
  const client = new DynamoDBClient({ logger: sdkLogger, region: "eu-central-1" });
  client.middlewareStack.add(
    () => async (call) => {
      const batch = batchInputSchema.parse(call.input).RequestItems.ledger;
      sizes.push(batch.length);
      // As under throttling: each call takes at most ten.
      stored.push(...batch.slice(0, 10).map((write) => write.PutRequest.Item.pk.S));
      const left = batch.slice(10);
      return { response: {}, output: { $metadata: {}, UnprocessedItems: left.length === 0 ? {} : { ledger: left } } };
    },
    { step: "initialize", name: "table" },
  );
  const items = Array.from({ length: 60 }, (_, index) => ({ pk: { S: String(index) } }));
  await putAll(client, "ledger", items, random);
  expect(stored.map(Number).sort((a, b) => a - b)).toEqual(items.map((_, index) => index));
  expect(sizes.toSorted((a, b) => b - a)).toEqual([25, 25, 15, 15, 10, 5, 5]);
});

it("puts what was thrown back as a whole, too, and says so when it stays so", async () => {
  const client = new DynamoDBClient({ logger: sdkLogger, region: "eu-central-1" });
  let refusals = 3;
  let puts = 0;
  client.middlewareStack.add(
    () => async (call) => {
      refusals -= 1;
      if (refusals >= 0) throw named("ProvisionedThroughputExceededException");
      puts += batchInputSchema.parse(call.input).RequestItems.ledger.length;
      return { response: {}, output: { $metadata: {} } };
    },
    { step: "initialize", name: "table" },
  );
  const items = [{ pk: { S: "one" } }, { pk: { S: "two" } }];
  await putAll(client, "ledger", items, random);
  expect(puts).toBe(2);
  refusals = 1_000;
  await expect(putAll(client, "ledger", items, random)).rejects.toBeInstanceOf(TableBusyError);
});
