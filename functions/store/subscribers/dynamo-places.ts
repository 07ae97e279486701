import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { openInvitation, registeredAnew } from "../../core/invitation.ts";
import type { Subscriber, WebhookSubscriber } from "../../core/subscriber.ts";
import { attemptThroughConflicts, lastingConflict } from "../repeat.ts";
import { getItem, isConflict, type Key, toItem, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import { holdsPlace, invitationsKey, placesKey, placesKeyOf, placesSchema, subscriberKey } from "./subscriber-items.ts";
import type { ChangeOutcome, SubscriberStore } from "./subscriber-store.ts";

export interface FieldChange {
  key: Key;
  /** Undefined removes. */
  fields: Record<string, unknown>;
  /** May use `#state` and the fields' names with a `#`. */
  condition: string;
  values: Record<string, unknown>;
}

/**
 * Sets the fields if the subscriber exists and the condition holds: as a call of its own, or as part of a transaction.
 */
export function updateOf(table: string, { key, fields, condition, values }: FieldChange) {
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const remove = Object.keys(fields).filter((name) => fields[name] === undefined);
  return {
    TableName: table,
    Key: toKey(key),
    ConditionExpression: `attribute_exists(pk) AND ${condition}`,
    ...updateParts({ set, remove }, { attributes: ["state"], values }),
  };
}

/** Gives back an endpoint's place, in the transaction that takes away its mark. */
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

/** The places of hosts. The transactions that give and take them also count them, so that the count is never off. */
export function dynamoPlaces(
  client: DynamoDBClient,
  table: string,
  { get, invitationsOf }: Pick<SubscriberStore, "get" | "invitationsOf">,
) {
  /** Runs a transaction whose second part takes the place. */
  async function confirmed({ pageId, id }: WebhookSubscriber, transaction: TransactWriteItemsCommand) {
    const { refusal } = await attemptThroughConflicts(() => client.send(transaction));
    if (refusal !== null && isConflict(refusal)) throw lastingConflict("confirming an endpoint");
    if (refusal?.reasons[1] === "condition" && refusal.reasons[0] === null) return { outcome: "full" } as const;
    const present = await get(pageId, "webhook", id);
    if (present === null) return { outcome: "missing" } as const;
    return { outcome: refusal === null ? "changed" : "unchanged", subscriber: present } as const;
  }

  /** Replaces the endpoint by its new registration, if nobody changed the endpoint since it was read. */
  function confirmAnew(read: WebhookSubscriber, next: WebhookSubscriber, most: number) {
    const { pageId, id } = read;
    const stored = { ...next, holdsPlace: true, updatedAt: Math.max(next.updatedAt, read.updatedAt + 1) };
    const put: TransactWriteItem = {
      Put: {
        TableName: table,
        Item: toItem({ ...subscriberKey(pageId, "webhook", id), ...stored }),
        ConditionExpression: "updatedAt = :read AND #state = :state",
        ExpressionAttributeNames: { "#state": "state" },
        ExpressionAttributeValues: toItem({ ":read": read.updatedAt, ":state": read.state }),
      },
    };
    const forgotten = { Delete: { TableName: table, Key: toKey(invitationsKey(pageId, "webhook", id)) } };
    return confirmed(
      read,
      new TransactWriteItemsCommand({ TransactItems: [put, placeTaken(table, read, most), forgotten] }),
    );
  }

  const places: Pick<SubscriberStore, "confirmEndpoint" | "countPlaces"> = {
    async confirmEndpoint(pageId, subscriberId, tokenHash, most, now) {
      const read = await get(pageId, "webhook", subscriberId);
      if (read?.channel !== "webhook") return { outcome: "missing" };
      if (read.state !== "unconfirmed" || read.confirmTokenHash !== tokenHash) {
        const invitation = openInvitation(read, await invitationsOf(pageId, "webhook", subscriberId), tokenHash, now);
        const next = invitation === null ? null : registeredAnew(read, invitation, now);
        return next === null ? { outcome: "unchanged", subscriber: read } : confirmAnew(read, next, most);
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
      return confirmed(read, transaction);
    },

    async countPlaces(pageId, host) {
      const item = await getItem(client, table, placesKey(pageId, host));
      return item === null ? 0 : placesSchema.parse(item).places;
    },
  };
  return {
    ...places,

    /**
     * Changes an endpoint so that it is no longer active, and gives back its place. Null: it holds no place any more,
     * or the condition fails.
     */
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
