import {
  DeleteItemCommand,
  type DynamoDBClient,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { attemptThroughConflicts, lastingConflict } from "../repeat.ts";
import { getItem, isConflict, toItem, toKey } from "../table.ts";
import { pageKey, publicationItemSchema, publicationKey } from "./status-items.ts";
import type { StatusStore } from "./status-store.ts";

type Publishing = Pick<StatusStore, "getPublication" | "leasePublication" | "finishPublication" | "forgetPublication">;

/** The part of the status store that says which version of a page is in the bucket, and who may write there. */
export function dynamoPublication({
  client,
  statusTable,
}: {
  client: DynamoDBClient;
  statusTable: string;
}): Publishing {
  return {
    async getPublication(pageId) {
      const item = await getItem(client, statusTable, publicationKey(pageId));
      return item === null ? { version: 0, build: "", leaseUntil: 0 } : publicationItemSchema.parse(item);
    },

    async leasePublication(pageId, holder, now, leaseUntil) {
      const lease = new UpdateItemCommand({
        TableName: statusTable,
        Key: toKey(publicationKey(pageId)),
        UpdateExpression: "SET holder = :holder, leaseUntil = :until, #version = if_not_exists(#version, :none)",
        ConditionExpression: "attribute_not_exists(pk) OR leaseUntil <= :now OR holder = :holder",
        ExpressionAttributeNames: { "#version": "version" },
        ExpressionAttributeValues: toItem({ ":holder": holder, ":until": leaseUntil, ":now": now, ":none": 0 }),
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(lease));
      return { outcome: refusal === null ? "leased" : "busy" };
    },

    async finishPublication(pageId, holder, { version, build }) {
      const finish = new TransactWriteItemsCommand({
        TransactItems: [
          {
            Update: {
              TableName: statusTable,
              Key: toKey(publicationKey(pageId)),
              UpdateExpression: "SET #version = :version, build = :build, leaseUntil = :over REMOVE holder",
              ConditionExpression: "holder = :holder",
              ExpressionAttributeNames: { "#version": "version" },
              ExpressionAttributeValues: toItem({
                ":version": version,
                ":build": build,
                ":over": 0,
                ":holder": holder,
              }),
            },
          },
          {
            ConditionCheck: {
              TableName: statusTable,
              Key: toKey(pageKey(pageId)),
              ConditionExpression: "#version = :version",
              ExpressionAttributeNames: { "#version": "version" },
              ExpressionAttributeValues: toItem({ ":version": version }),
            },
          },
        ],
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(finish));
      if (refusal === null) return { outcome: "finished" };
      // The write in conflict with this one is a write of the page: the page will have moved on.
      if (isConflict(refusal)) return { outcome: "stale" };
      return { outcome: refusal.reasons[0] === "condition" ? "lost" : "stale" };
    },

    async forgetPublication(pageId) {
      // The holder of the lease loses it with the record: it may have written to the bucket that was lost.
      const forget = new DeleteItemCommand({ TableName: statusTable, Key: toKey(publicationKey(pageId)) });
      const { refusal } = await attemptThroughConflicts(() => client.send(forget));
      if (refusal !== null) throw lastingConflict("forgetting a publication");
    },
  };
}
