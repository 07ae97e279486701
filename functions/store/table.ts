import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { sdkLogger } from "../lambda/sdk-logger.ts";

export type Item = Record<string, AttributeValue>;

export function dynamoClient(): DynamoDBClient {
  return new DynamoDBClient({ logger: sdkLogger });
}

export function toItem(value: Record<string, unknown>): Item {
  return marshall(value, { removeUndefinedValues: true });
}

export function fromItem(item: Item): Record<string, unknown> {
  return unmarshall(item);
}

export type WriteRefusal = "condition" | "conflict";

/** Why a write or transaction was refused, or null if the error is something else. Reasons are in the order of the actions. */
export function refusalOf(error: unknown): { reasons: (WriteRefusal | null)[]; old: (Item | undefined)[] } | null {
  if (error instanceof ConditionalCheckFailedException) return { reasons: ["condition"], old: [error.Item] };
  if (error instanceof Error && error.name === "TransactionConflictException")
    return { reasons: ["conflict"], old: [] };
  if (!(error instanceof TransactionCanceledException)) return null;
  const all = error.CancellationReasons ?? [];
  const reasons = all.map(({ Code }): WriteRefusal | null => {
    if (Code === "ConditionalCheckFailed") return "condition";
    return Code === "TransactionConflict" ? "conflict" : null;
  });
  return reasons.some((reason) => reason !== null) ? { reasons, old: all.map((reason) => reason.Item) } : null;
}
