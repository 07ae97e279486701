import {
  type DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type ApiKey, apiKeySchema } from "../../core/api-key.ts";
import { least } from "../../core/extremes.ts";
import { attemptThroughConflicts, lastingConflict } from "../repeat.ts";
import { attempt, fromItem, getItem, isConflict, type Key, queryAll, toItem, toKey } from "../table.ts";
import type { KeyStore } from "./key-store.ts";

/** How long an ended key is remembered, so that people can still read the lines of the audit trail. */
const REMEMBERED_MS = 90 * 24 * 60 * 60 * 1_000;

// One partition. A key is looked up before anybody knows whose it is, and a list must hold what was made a moment ago.
// The API's throttle is far below what a partition takes.
const PARTITION = "KEYS";

export function keyOf(keyId: string): Key {
  return { pk: PARTITION, sk: `KEY#${keyId}` };
}

function itemOf(key: ApiKey): Record<string, unknown> {
  const end = least([key.expiresAt, key.revokedAt].filter((each) => each !== null));
  return { ...keyOf(key.id), ...key, forgetAt: end === null ? undefined : forgetAtOf(end) };
}

/**
 * The table's TTL attribute, in seconds. It lies long after the key's end, because an ended key must be refused and not
 * vanish.
 */
function forgetAtOf(end: number): number {
  return Math.ceil((end + REMEMBERED_MS) / 1_000);
}

const storedSchema = z.pipe(
  z.extend(apiKeySchema, { pk: z.string(), sk: z.string() }),
  z.transform(({ pk: _pk, sk: _sk, ...key }): ApiKey => key),
);

export function dynamoKeyStore({ client, table }: { client: DynamoDBClient; table: string }): KeyStore {
  return {
    async putKey(key, by) {
      const Put = { TableName: table, Item: toItem(itemOf(key)) };
      if (by === null) {
        await client.send(new PutItemCommand(Put));
        return true;
      }
      const ConditionCheck = {
        TableName: table,
        Key: toKey(keyOf(by.id)),
        ConditionExpression: "version = :version",
        ExpressionAttributeValues: toItem({ ":version": by.version }),
      };
      const { refusal } = await attemptThroughConflicts(() =>
        client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }, { ConditionCheck }] })),
      );
      return refusal === null;
    },

    async getKey(keyId) {
      const item = await getItem(client, table, keyOf(keyId));
      return item === null ? null : storedSchema.parse(item);
    },

    async listKeys(pageId) {
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: toItem({ ":pk": PARTITION }),
      });
      return items.map((item) => storedSchema.parse(item)).filter((key) => key.pageId === pageId);
    },

    async saveKey(key) {
      const { refusal } = await attempt(() =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem(itemOf({ ...key, version: key.version + 1 })),
            ConditionExpression: "version = :before",
            ExpressionAttributeValues: toItem({ ":before": key.version }),
          }),
        ),
      );
      return refusal === null;
    },

    async endKey(keyId, now) {
      const ended = await attemptThroughConflicts(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(keyOf(keyId)),
            UpdateExpression: "SET revokedAt = :now, previous = :none, forgetAt = :forgetAt ADD version :one",
            ConditionExpression: "revokedAt = :none",
            ExpressionAttributeValues: toItem({
              ":now": now,
              ":none": null,
              ":forgetAt": forgetAtOf(now),
              ":one": 1,
            }),
            ReturnValues: "ALL_NEW",
          }),
        ),
      );
      if (ended.refusal === null) return storedSchema.parse(fromItem(ended.result.Attributes ?? {}));
      if (isConflict(ended.refusal)) throw lastingConflict("revoking a key");
      return null;
    },

    async touchKey({ id, version }, secret, now) {
      await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(keyOf(id)),
            UpdateExpression: "SET #used = :now",
            ConditionExpression: "version = :version",
            ExpressionAttributeNames: { "#used": secret === "current" ? "lastUsedAt" : "previousUsedAt" },
            ExpressionAttributeValues: toItem({ ":now": now, ":version": version }),
          }),
        ),
      );
    },
  };
}
