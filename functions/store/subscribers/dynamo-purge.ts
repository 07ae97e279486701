import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type Subscriber, subscriberSchema } from "../../core/subscriber.ts";
import { attemptThroughConflicts, lastingConflict } from "../repeat.ts";
import { queryShards } from "../sharded-index.ts";
import { batchGet, fromItem, isConflict, timeKey, toItem, toKey } from "../table.ts";
import { placeGivenBack } from "./dynamo-places.ts";
import {
  addressKey,
  holdsPlace,
  invitationsKey,
  isUnsettled,
  PURGE_PARTITIONS,
  purgeItemSchema,
  purgePartition,
  subscriberKey,
  unsettledAfter,
  unsettledFrom,
} from "./subscriber-items.ts";
import type { SubscriberStore } from "./subscriber-store.ts";

const keySchema = z.object({ pk: z.string(), sk: z.string() });

/** The part of the subscribers store that removes subscribers, and the other lists that its index gives. */
export function dynamoPurge(
  client: DynamoDBClient,
  table: string,
): Pick<SubscriberStore, "listPurgeable" | "listUnsettled" | "removeUnchanged"> {
  return {
    async listPurgeable(now, limit) {
      const before = timeKey(now + 1);
      const { items } = await queryShards(client, table, {
        index: "purge",
        shards: PURGE_PARTITIONS,
        range: { before },
        limit,
      });
      const keys = items.map((item) => keySchema.parse(fromItem(item)));
      const read = await batchGet(client, table, keys);
      return read
        .filter((item) => (purgeItemSchema.parse(item).purgeSk ?? before) < before)
        .map((item) => subscriberSchema.parse(item));
    },

    async listUnsettled(limit, cursor) {
      const { shard, after } = unsettledFrom(cursor);
      const { items, last, more } = await queryShards(client, table, {
        index: "purge",
        shards: [purgePartition(shard)],
        range: after === null ? null : { after },
        limit,
      });
      const read = await batchGet(
        client,
        table,
        items.map((item) => keySchema.parse(fromItem(item))),
      );
      return {
        items: read.map((item) => subscriberSchema.parse(item)).filter(isUnsettled),
        next: unsettledAfter(shard, more ? last : null),
      };
    },

    async removeUnchanged(read) {
      const condition = {
        ConditionExpression: "updatedAt = :read AND #state = :state",
        ExpressionAttributeNames: { "#state": "state" },
        ExpressionAttributeValues: toItem({ ":read": read.updatedAt, ":state": read.state }),
      };
      const transaction = new TransactWriteItemsCommand({ TransactItems: removalOf(table, read, condition) });
      const { refusal } = await attemptThroughConflicts(() => client.send(transaction));
      if (refusal === null) return { outcome: "removed" };
      if (isConflict(refusal)) throw lastingConflict("purging a subscriber");
      return { outcome: "unchanged" };
    },
  };
}

type Condition = Omit<NonNullable<TransactWriteItem["Delete"]>, "TableName" | "Key">;

/**
 * Deletes the subscriber, then their invitations, then the place at its host that an endpoint may hold, then the
 * address's guard, unless another subscriber has it by now.
 */
export function removalOf(table: string, subscriber: Subscriber, condition: Condition = {}): TransactWriteItem[] {
  const { pageId, channel, id } = subscriber;
  const guard: Condition = {
    ConditionExpression: "attribute_not_exists(pk) OR subscriberId = :id",
    ExpressionAttributeValues: toItem({ ":id": id }),
  };
  return [
    { Delete: { TableName: table, Key: toKey(subscriberKey(pageId, channel, id)), ...condition } },
    { Delete: { TableName: table, Key: toKey(invitationsKey(pageId, channel, id)) } },
    ...(holdsPlace(subscriber) ? [placeGivenBack(table, subscriber)] : []),
    { Delete: { TableName: table, Key: toKey(addressKey(subscriber)), ...guard } },
  ];
}
