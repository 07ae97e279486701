import { setTimeout as sleep } from "node:timers/promises";
import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Random } from "../core/clock.ts";
import { type Attempted, attempt, type Item } from "./table.ts";

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
// Some two seconds in all: giving up on recording an acceptance would mean sending it again.
const CONFLICT_TRIES = 8;

/** Waits before the next try: exponential, with full jitter, so that those who collided part. */
async function pause(tries: number, random: Random): Promise<void> {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  await sleep((ceiling * ((random(1)[0] ?? 0) + 1)) / 256);
}

/**
 * Runs a conditional write again while another transaction holds one of its items; a conflict that lasts is thrown.
 * So a refusal handed back always means that a condition failed.
 */
export async function repeatOnConflict<T>(random: Random, write: () => Promise<T>): Promise<Attempted<T>> {
  for (let tries = 1; ; tries += 1) {
    const attempted = await attempt(write);
    if (attempted.refusal === null || attempted.refusal.reasons.includes("condition")) return attempted;
    if (tries === CONFLICT_TRIES) {
      throw new Error(`a write is still in conflict with other transactions after ${CONFLICT_TRIES} tries`);
    }
    await pause(tries, random);
  }
}

// DynamoDB's limit for one BatchWriteItem.
const WRITES_PER_BATCH = 25;

/** Puts all items; those that DynamoDB left unprocessed are repeated until all are in (the caller's timeout is the end). */
export async function putAll(
  client: DynamoDBClient,
  table: string,
  items: readonly Item[],
  random: Random,
): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / WRITES_PER_BATCH) }, (_, batch) =>
    items.slice(batch * WRITES_PER_BATCH, (batch + 1) * WRITES_PER_BATCH),
  );
  await Promise.all(
    batches.map(async (batch) => {
      let left: WriteRequest[] = batch.map((item) => ({ PutRequest: { Item: item } }));
      for (let tries = 1; ; tries += 1) {
        const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
        left = UnprocessedItems?.[table] ?? [];
        if (left.length === 0) return;
        await pause(tries, random);
      }
    }),
  );
}
