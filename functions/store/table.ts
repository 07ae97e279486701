import { setTimeout as sleep } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { TABLE_TIMES } from "../lambda/sdk-times.ts";
import { TableBusyError } from "./busy.ts";

export type Item = Record<string, AttributeValue>;
export interface Key {
  pk: string;
  sk: string;
}

/** `where`: only a test says where its tables are; a function's environment says it otherwise. */
export function dynamoClient(
  where: Pick<DynamoDBClientConfig, "endpoint" | "region" | "credentials"> = {},
): DynamoDBClient {
  return new DynamoDBClient({ ...where, logger: sdkLogger, requestHandler: TABLE_TIMES });
}

/** Puts an item in place of the one read at `version`; 0: there was none. Refused if somebody else was faster. */
export function putOver(table: string, item: Record<string, unknown>, version: number): PutItemCommand {
  const condition =
    version === 0
      ? { ConditionExpression: "attribute_not_exists(pk)" }
      : {
          ConditionExpression: "#version = :version",
          ExpressionAttributeNames: { "#version": "version" },
          ExpressionAttributeValues: toItem({ ":version": version }),
        };
  return new PutItemCommand({ TableName: table, Item: toItem(item), ...condition });
}

export function toItem(value: Record<string, unknown>): Item {
  return marshall(value, { removeUndefinedValues: true });
}

export function fromItem(item: Item): Record<string, unknown> {
  return unmarshall(item);
}

export function toKey({ pk, sk }: Key): Item {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** An instant as text that sorts like the number: 13 digits of epoch milliseconds last until the year 2286. */
export function timeKey(at: number): string {
  return String(at).padStart(13, "0");
}

type WriteRefusal = "condition" | "conflict";
/** Reasons and old items are in the order of the transaction's actions; a single write has one. */
export interface Refusal {
  reasons: (WriteRefusal | null)[];
  old: (Item | undefined)[];
}

/** Why a write or transaction was refused, or null if the error is something else. */
function refusalOf(error: unknown): Refusal | null {
  if (error instanceof ConditionalCheckFailedException) return { reasons: ["condition"], old: [error.Item] };
  if (error instanceof Error && CONFLICT_NAMES.has(error.name)) return { reasons: ["conflict"], old: [] };
  if (!(error instanceof TransactionCanceledException)) return null;
  const all = error.CancellationReasons ?? [];
  const reasons = all.map(({ Code }): WriteRefusal | null => {
    if (Code === "ConditionalCheckFailed") return "condition";
    return Code === "TransactionConflict" ? "conflict" : null;
  });
  return reasons.some((reason) => reason !== null) ? { reasons, old: all.map((reason) => reason.Item) } : null;
}

// The first: a single write met a transaction. The second: the same transaction, sent again, is still under way.
const CONFLICT_NAMES = new Set(["TransactionConflictException", "TransactionInProgressException"]);

export type Attempted<T> = { refusal: null; result: T } | { refusal: Refusal };

/** Runs a conditional write; a refusal is an answer, and any other error is thrown. */
export async function attempt<T>(write: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { refusal: null, result: await write() };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) throw error;
    return { refusal };
  }
}

export function isConflict(refusal: Refusal): boolean {
  return refusal.reasons.includes("conflict");
}

/** Strongly consistent. */
export async function getItem(
  client: DynamoDBClient,
  table: string,
  key: Key,
): Promise<Record<string, unknown> | null> {
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: toKey(key), ConsistentRead: true }));
  return Item === undefined ? null : fromItem(Item);
}

// DynamoDB's limit for one BatchGetItem.
const KEYS_PER_BATCH = 100;
const UNPROCESSED_ATTEMPTS = 8;
const UNPROCESSED_DELAY_MS = 25;

/** Strongly consistent, in no particular order; leaves out missing items. Asks again for unprocessed keys. */
export async function batchGet(
  client: DynamoDBClient,
  table: string,
  keys: readonly Key[],
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  for (let start = 0; start < keys.length; start += KEYS_PER_BATCH) {
    let asked = keys.slice(start, start + KEYS_PER_BATCH).map(toKey);
    for (let tries = 1; asked.length > 0; tries += 1) {
      const answer = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } }),
      );
      for (const item of answer.Responses?.[table] ?? []) found.push(fromItem(item));
      asked = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      if (asked.length === 0) break;
      if (tries === UNPROCESSED_ATTEMPTS)
        throw new TableBusyError(`${asked.length} keys are still unprocessed after ${UNPROCESSED_ATTEMPTS} attempts`);
      await backOff(UNPROCESSED_DELAY_MS, tries);
    }
  }
  return found;
}

/** Everything the query finds, page after page; strongly consistent. */
export async function queryAll(
  client: DynamoDBClient,
  query: Omit<QueryCommandInput, "ConsistentRead">,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let from: Item | undefined;
  do {
    const answer = await client.send(new QueryCommand({ ...query, ConsistentRead: true, ExclusiveStartKey: from }));
    for (const item of answer.Items ?? []) found.push(fromItem(item));
    from = answer.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

/** Doubles each time and never lasts longer than a second; the jitter keeps apart writers that met once. */
async function backOff(firstMs: number, tries: number): Promise<void> {
  await sleep(Math.min(1_000, firstMs * 2 ** (tries - 1)) * (0.5 + Math.random()));
}
