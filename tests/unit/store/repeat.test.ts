import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import * as z from "zod";
import { sdkLogger } from "../../../functions/lambda/sdk-logger.ts";
import { putAll, repeatOnConflict } from "../../../functions/store/repeat.ts";

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
  const outcome = await repeatOnConflict(random, async () => {
    const refused = answers.shift();
    if (refused !== undefined) throw refused;
    return "through";
  });
  expect(outcome).toEqual({ refusal: null, result: "through" });
});

it("hands back a failed condition at once, also beside a conflict", async () => {
  let calls = 0;
  const outcome = await repeatOnConflict(random, async () => {
    calls += 1;
    throw canceled("ConditionalCheckFailed", "TransactionConflict");
  });
  expect(outcome.refusal?.reasons).toEqual(["condition", "conflict"]);
  expect(calls).toBe(1);
});

it("throws when the conflict lasts, which is no answer", async () => {
  let calls = 0;
  const lasting = repeatOnConflict(random, async () => {
    calls += 1;
    throw canceled("TransactionConflict");
  });
  await expect(lasting).rejects.toThrow("still in conflict");
  expect(calls).toBe(8);
});

it("throws what is no refusal, and hands back a refused single write", async () => {
  await expect(repeatOnConflict(random, () => Promise.reject(new Error("no network")))).rejects.toThrow("no network");
  const refused = new ConditionalCheckFailedException({ message: "", $metadata: {} });
  const outcome = await repeatOnConflict(random, () => Promise.reject(refused));
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
