import { type DynamoDBClient, PutItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Random } from "../../core/clock.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { attempt, fromItem, getItem, toItem, toKey } from "../table.ts";
import {
  counterItemSchema,
  counterWindow,
  IDEMPOTENCY_TTL_MS,
  idempotencyItemSchema,
  idempotencyKey,
  noSigningKey,
  RUN_LEASE_MS,
  signingKeyKey,
  signingKeySchema,
  signingPartition,
  TURN_KEPT_MS,
  turnKey,
} from "./access-items.ts";
import type { AccessStore, IdempotencyOutcome } from "./access-store.ts";
import { dynamoPermits } from "./dynamo-permits.ts";
import { dynamoSchedules } from "./dynamo-schedules.ts";

interface AccessTable {
  client: DynamoDBClient;
  table: string;
  random: Random;
}

const SIGNING_KEY_BYTES = 32;

export function dynamoAccessStore({ client, table, random }: AccessTable): AccessStore {
  async function newestSigningKey(pageId: string): Promise<SigningKey | null> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: 1,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: toItem({ ":pk": signingPartition(pageId) }),
      }),
    );
    const [item] = Items;
    return item === undefined ? null : signingKeySchema.parse(fromItem(item));
  }

  /** Takes over a run whose lease is over. Of several that try, one succeeds. */
  async function takeOver(
    pageId: string,
    keyHash: string,
    old: { leaseUntil: number; seed: string },
    now: number,
  ): Promise<IdempotencyOutcome> {
    const { refusal } = await attempt(() =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toKey(idempotencyKey(pageId, keyHash)),
          UpdateExpression: "SET leaseUntil = :until",
          ConditionExpression: "#state = :running AND leaseUntil = :old",
          ExpressionAttributeNames: { "#state": "state" },
          ExpressionAttributeValues: toItem({
            ":until": now + RUN_LEASE_MS,
            ":running": "running",
            ":old": old.leaseUntil,
          }),
        }),
      ),
    );
    return refusal === null ? { outcome: "run", seed: old.seed } : { outcome: "running" };
  }

  return {
    async makeSigningKey(pageId) {
      const made: SigningKey = { version: 1, key: random(SIGNING_KEY_BYTES) };
      await attempt(() =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem({ ...signingKeyKey(pageId, made.version), ...made }),
            ConditionExpression: "attribute_not_exists(pk)",
          }),
        ),
      );
    },

    async currentSigningKey(pageId) {
      const newest = await newestSigningKey(pageId);
      if (newest === null) throw new Error(noSigningKey(pageId));
      return newest;
    },

    async getSigningKey(pageId, version) {
      const item = await getItem(client, table, signingKeyKey(pageId, version));
      return item === null ? null : signingKeySchema.parse(item);
    },

    ...dynamoSchedules({ client, table, random }),

    ...dynamoPermits({ client, table }),

    async count(counter, limit, now, by = 1) {
      const { key, until, expiresAt } = counterWindow(counter, limit, now);
      if (by > limit.most) return { outcome: "over", until };
      const { refusal } = await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(key),
            UpdateExpression: "ADD #count :by SET expiresAt = :expiresAt",
            ConditionExpression: "attribute_not_exists(#count) OR #count <= :room",
            ExpressionAttributeNames: { "#count": "count" },
            ExpressionAttributeValues: toItem({ ":by": by, ":expiresAt": expiresAt, ":room": limit.most - by }),
          }),
        ),
      );
      return refusal === null ? { outcome: "counted" } : { outcome: "over", until };
    },

    async getCount(counter, limit, now) {
      const item = await getItem(client, table, counterWindow(counter, limit, now).key);
      return item === null ? 0 : counterItemSchema.parse(item).count;
    },

    async takeTurn(turn, now, until) {
      const { refusal } = await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(turnKey(turn)),
            UpdateExpression: "SET #until = :until, expiresAt = :expiresAt",
            ConditionExpression: "attribute_not_exists(#until) OR #until <= :now",
            ExpressionAttributeNames: { "#until": "until" },
            ExpressionAttributeValues: toItem({
              ":until": until,
              ":expiresAt": Math.ceil((until + TURN_KEPT_MS) / 1_000),
              ":now": now,
            }),
          }),
        ),
      );
      return refusal === null;
    },

    async endTurn(turn, until) {
      await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(turnKey(turn)),
            UpdateExpression: "SET #until = :over",
            ConditionExpression: "#until = :until",
            ExpressionAttributeNames: { "#until": "until" },
            ExpressionAttributeValues: toItem({ ":over": 0, ":until": until }),
          }),
        ),
      );
    },

    async beginIdempotent(pageId, keyHash, requestHash, now, seed) {
      const record = {
        ...idempotencyKey(pageId, keyHash),
        state: "running",
        requestHash,
        seed,
        leaseUntil: now + RUN_LEASE_MS,
        expiresAt: Math.floor((now + IDEMPOTENCY_TTL_MS) / 1_000),
      };
      const { refusal } = await attempt(() =>
        client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem(record),
            // DynamoDB removes expired items hours late.
            ConditionExpression: "attribute_not_exists(pk) OR expiresAt <= :seconds",
            ExpressionAttributeValues: toItem({ ":seconds": Math.floor(now / 1_000) }),
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          }),
        ),
      );
      if (refusal === null) return { outcome: "run", seed };
      const [item] = refusal.old;
      if (item === undefined) return { outcome: "running" };
      const old = idempotencyItemSchema.parse(fromItem(item));
      if (old.requestHash !== requestHash) return { outcome: "mismatch" };
      if (old.state === "done") return { outcome: "replay", status: old.status, body: old.body };
      return old.leaseUntil > now ? { outcome: "running" } : takeOver(pageId, keyHash, old, now);
    },

    async completeIdempotent(pageId, keyHash, status, body) {
      // The first answer stays: the client got that one. A record that has expired meanwhile is not made again.
      await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(idempotencyKey(pageId, keyHash)),
            UpdateExpression: "SET #state = :done, #status = :status, body = :body",
            ConditionExpression: "#state = :running",
            ExpressionAttributeNames: { "#state": "state", "#status": "status" },
            ExpressionAttributeValues: toItem({
              ":done": "done",
              ":running": "running",
              ":status": status,
              ":body": body,
            }),
          }),
        ),
      );
    },
  };
}
