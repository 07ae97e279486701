import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import type { Subscriber, WebhookSubscriber } from "../core/subscriber.ts";
import { attemptThroughConflicts, lastingConflict } from "./repeat.ts";
import { holdsPlace, placesKey, placesKeyOf, placesSchema, subscriberKey } from "./subscriber-items.ts";
import type { ChangeOutcome, SubscriberStore } from "./subscribers.ts";
import { getItem, isConflict, type Key, toItem, toKey } from "./table.ts";

export interface FieldChange {
  key: Key;
  /** Undefined removes. */
  fields: Record<string, unknown>;
  condition: string | null;
  values: Record<string, unknown>;
}

/** Sets the fields if the subscriber exists and the condition holds: as a call of its own, or a transaction's part. */
export function updateOf(table: string, { key, fields, condition, values }: FieldChange) {
  const names = Object.keys(fields);
  const set = names.filter((name) => fields[name] !== undefined);
  const removed = names.filter((name) => fields[name] === undefined);
  const remove = removed.length === 0 ? "" : ` REMOVE ${removed.map((name) => `#${name}`).join(", ")}`;
  return {
    TableName: table,
    Key: toKey(key),
    UpdateExpression: `SET ${set.map((name) => `#${name} = :${name}`).join(", ")}${remove}`,
    ConditionExpression: condition === null ? "attribute_exists(pk)" : `attribute_exists(pk) AND ${condition}`,
    ExpressionAttributeNames: Object.fromEntries(
      [...names, ...(condition?.includes("#state") ? ["state"] : [])].map((name) => [`#${name}`, name]),
    ),
    ExpressionAttributeValues: toItem({
      ...Object.fromEntries(set.map((name) => [`:${name}`, fields[name]])),
      ...values,
    }),
  };
}

/** An endpoint's place is given back, in the transaction that takes its mark away. */
export function placeGivenBack(table: string, subscriber: WebhookSubscriber): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: toKey(placesKeyOf(subscriber)),
      UpdateExpression: "ADD places :by",
      ExpressionAttributeValues: toItem({ ":by": -1 }),
    },
  };
}

function placeTaken(table: string, subscriber: WebhookSubscriber, most: number): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: toKey(placesKeyOf(subscriber)),
      UpdateExpression: "ADD places :by",
      ConditionExpression: "attribute_not_exists(places) OR places < :most",
      ExpressionAttributeValues: toItem({ ":by": 1, ":most": most }),
    },
  };
}

type Get = SubscriberStore["get"];

/** The places of hosts: counted by the very transactions that give them and take them, so that the count is never off. */
export function dynamoPlaces(client: DynamoDBClient, table: string, get: Get) {
  const places: Pick<SubscriberStore, "confirmEndpoint" | "countPlaces"> = {
    async confirmEndpoint(pageId, subscriberId, tokenHash, most, now) {
      const read = await get(pageId, "webhook", subscriberId);
      if (read?.channel !== "webhook") return { outcome: "missing" };
      if (read.state !== "unconfirmed" || read.confirmTokenHash !== tokenHash) {
        return { outcome: "unchanged", subscriber: read };
      }
      const update = updateOf(table, {
        key: subscriberKey(pageId, "webhook", subscriberId),
        fields: {
          state: "active",
          confirmedAt: now,
          updatedAt: now,
          holdsPlace: true,
          purgePk: undefined,
          purgeSk: undefined,
        },
        condition: "#state = :unconfirmed AND confirmTokenHash = :tokenHash",
        values: { ":unconfirmed": "unconfirmed", ":tokenHash": tokenHash },
      });
      const transaction = new TransactWriteItemsCommand({
        TransactItems: [{ Update: update }, placeTaken(table, read, most)],
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(transaction));
      if (refusal !== null && isConflict(refusal)) throw lastingConflict("confirming an endpoint");
      if (refusal?.reasons[1] === "condition" && refusal.reasons[0] === null) return { outcome: "full" };
      const present = await get(pageId, "webhook", subscriberId);
      if (present === null) return { outcome: "missing" };
      return { outcome: refusal === null ? "changed" : "unchanged", subscriber: present };
    },

    async countPlaces(pageId, host) {
      const item = await getItem(client, table, placesKey(pageId, host));
      return item === null ? 0 : placesSchema.parse(item).places;
    },
  };
  return {
    ...places,

    /** The change of an endpoint that ends its being active, and gives back its place. Null: it holds none any more, or the condition fails. */
    async changeAndGiveBack(holder: Subscriber, change: FieldChange): Promise<ChangeOutcome | null> {
      if (!holdsPlace(holder)) return null;
      const update = updateOf(table, {
        ...change,
        fields: { ...change.fields, holdsPlace: undefined },
        condition: `${change.condition} AND attribute_exists(holdsPlace)`,
      });
      const transaction = new TransactWriteItemsCommand({
        TransactItems: [{ Update: update }, placeGivenBack(table, holder)],
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(transaction));
      if (refusal !== null && isConflict(refusal)) throw lastingConflict("changing an endpoint");
      if (refusal !== null) return null;
      const present = await get(holder.pageId, "webhook", holder.id);
      return present === null ? { outcome: "missing" } : { outcome: "changed", subscriber: present };
    },
  };
}
