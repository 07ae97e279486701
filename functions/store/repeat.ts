import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from "@aws-sdk/client-dynamodb";
import type { Random } from "../core/clock.ts";
import { busyOf, TableBusyError } from "./busy.ts";
import { type Attempted, attempt, type Item } from "./table.ts";

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
// Some two seconds in all. A caller that has an acceptance to record asks again: see send-chunk/patiently.ts.
const TRIES = 8;

/** Waits before the next try: exponential, with full jitter, so that writers that collided part. */
async function pause(tries: number, random: Random): Promise<void> {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  await sleep((ceiling * ((random(1)[0] ?? 0) + 1)) / 256);
}

type Tried<T> = { done: Attempted<T> } | { done: null; nothingWasDone: boolean; error: unknown };

/** A refusal because of a condition is an answer, even beside a conflict. One because of a conflict alone is none. */
async function tryOnce<T>(write: () => Promise<T>): Promise<Tried<T>> {
  try {
    const attempted = await attempt(write);
    if (attempted.refusal === null || attempted.refusal.reasons.includes("condition")) return { done: attempted };
    return { done: null, nothingWasDone: true, error: new Error("in conflict") };
  } catch (error) {
    const busy = busyOf(error);
    if (busy === null) throw error;
    return { done: null, nothingWasDone: busy === "refused", error };
  }
}

/**
 * The one engine of repeated writes. It runs a conditional write again while another transaction holds one of its
 * items, while the table is throttled, and after an answer that got lost (so the write must know its own mark). A
 * refusal that it returns always means that a condition failed. Throws TableBusyError when the table stays busy and
 * surely nothing was done.
 */
export async function repeatWhileBusy<T>(random: Random, write: () => Promise<T>, most = TRIES): Promise<Attempted<T>> {
  let nothingWasDone = true;
  for (let tries = 1; ; tries += 1) {
    const tried = await tryOnce(write);
    if (tried.done !== null) return tried.done;
    nothingWasDone &&= tried.nothingWasDone;
    if (tries === most) {
      if (!nothingWasDone) throw tried.error;
      const why = `a write is still in conflict with other transactions, or its table busy, after ${most} tries`;
      throw new TableBusyError(why, { cause: tried.error });
    }
    await pause(tries, random);
  }
}

const CONFLICT_TRIES = 6;

/** Like `repeatWhileBusy`, for callers that have an answer to a lasting conflict: it returns the conflict. */
export async function attemptThroughConflicts<T>(write: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return await repeatWhileBusy(randomBytes, write, CONFLICT_TRIES);
  } catch (error) {
    if (error instanceof TableBusyError) return { refusal: { reasons: ["conflict"], old: [] } };
    throw error;
  }
}

/** For writes that must not be given up: a lasting conflict is an error. */
export function lastingConflict(what: string): Error {
  return new TableBusyError(`${what}: still in conflict with other writes after ${CONFLICT_TRIES} attempts`);
}

// DynamoDB's limit for one BatchWriteItem.
const WRITES_PER_BATCH = 25;

/** Puts all items; repeats those that DynamoDB left unprocessed or threw back. Throws TableBusyError, as above. */
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
        // A put that is done twice changes nothing, so a lost answer is repeated too.
        const { UnprocessedItems } = await sendThrough(random, () =>
          client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } })),
        );
        left = UnprocessedItems?.[table] ?? [];
        if (left.length === 0) return;
        if (tries === UNPROCESSED_TRIES) throw new TableBusyError(`${left.length} puts are still unprocessed`);
        await pause(tries, random);
      }
    }),
  );
}

const UNPROCESSED_TRIES = 30;

async function sendThrough<T>(random: Random, write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (busyOf(error) === null) throw error;
      if (tries === TRIES) throw new TableBusyError(`puts are still refused after ${TRIES} tries`, { cause: error });
      await pause(tries, random);
    }
  }
}
