import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { attempt, fromItem, getItem, toItem, toKey } from "../table.ts";
import { blockItemSchema, blockKey, mayReplaceBlock } from "./subscriber-items.ts";
import type { SubscriberStore } from "./subscriber-store.ts";

/** The part of the subscribers store that knows to which addresses nothing may be sent. */
export function dynamoBlocks(
  client: DynamoDBClient,
  table: string,
): Pick<SubscriberStore, "block" | "blockOf" | "unblock"> {
  // No transaction writes blocks, so a refusal always comes from the condition.
  return {
    async block(pageId, channel, mac, reason, now) {
      const item = { ...blockKey(pageId, channel, mac), reason, at: now };
      const put = new PutItemCommand({
        TableName: table,
        Item: toItem(item),
        ...(mayReplaceBlock(reason)
          ? { ReturnValues: "ALL_OLD" }
          : {
              ConditionExpression: "attribute_not_exists(pk)",
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            }),
      });
      const written = await attempt(() => client.send(put));
      const before = written.refusal === null ? written.result.Attributes : written.refusal.old[0];
      return before === undefined ? null : blockItemSchema.parse(fromItem(before)).reason;
    },

    async blockOf(pageId, channel, mac) {
      const item = await getItem(client, table, blockKey(pageId, channel, mac));
      return item === null ? null : blockItemSchema.parse(item).reason;
    },

    async unblock(pageId, channel, mac, reason) {
      const remove = new DeleteItemCommand({
        TableName: table,
        Key: toKey(blockKey(pageId, channel, mac)),
        ConditionExpression: "#reason = :reason",
        ExpressionAttributeNames: { "#reason": "reason" },
        ExpressionAttributeValues: toItem({ ":reason": reason }),
      });
      await attempt(() => client.send(remove));
    },
  };
}
