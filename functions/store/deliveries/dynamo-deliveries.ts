import {
  GetItemCommand,
  type Put,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type Update,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Delivery } from "../../core/delivery.ts";
import { greatest, least } from "../../core/extremes.ts";
import { cursorParts } from "../cursor.ts";
import { putAll, repeatWhileBusy } from "../repeat.ts";
import { queryShards } from "../sharded-index.ts";
import { batchGet, fromItem, queryAll, timeKey, toItem, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import { type ChunkDelta, deltaOf, type FromDelivery, mustBeCounted } from "./delivery-change.ts";
import { dynamoSums } from "./dynamo-sums.ts";
import type { FencedOutcome, Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import {
  addsOf,
  chunkItemKey,
  deliveryItem,
  deliveryKey,
  deliveryOf,
  deliveryPrefix,
  duePartitions,
  dueSortKey,
  endpointIndexSchema,
  markOf,
  newestDeliveries,
  problemsAfter,
  problemsPartitions,
  problemsRange,
  SUBSCRIBER_CURSOR,
  subscriberPartition,
} from "./ledger-items.ts";

type Deliveries = Pick<
  Ledger,
  | "recordDeliveries"
  | "getDeliveries"
  | "listSubscriberSubject"
  | "changeDelivery"
  | "listDue"
  | "postponeDue"
  | "listProblems"
  | "listSubscriberDeliveries"
  | "listEndpointDeliveries"
>;

/** The part of the ledger about single deliveries. */
export function dynamoDeliveries({ client, table, random }: LedgerDeps): Deliveries {
  const sums = dynamoSums({ client, table, random });
  return {
    recordDeliveries: (deliveries) =>
      putAll(
        client,
        table,
        deliveries.map((delivery) => toItem(deliveryItem(delivery))),
        random,
      ),

    async getDeliveries(pageId, subject, seq, subscriberIds) {
      const keys = [...new Set(subscriberIds)].map((subscriberId) =>
        deliveryKey({ pageId, subscriberId, subject, seq }),
      );
      return (await batchGet(client, table, keys)).map(deliveryOf);
    },

    async listSubscriberSubject(pageId, subscriberId, subject) {
      const pk = subscriberPartition(pageId, subscriberId);
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :subject)",
        ExpressionAttributeValues: toItem({ ":pk": pk, ":subject": deliveryPrefix(subject) }),
      });
      return items.map(deliveryOf);
    },

    async changeDelivery(from, to, latencyMs) {
      const delta = deltaOf(from, to, latencyMs);
      const chunk = movesNothing(delta) ? null : chunkUpdate(from, to, delta, "not summed");
      if (chunk === null) {
        return mustBeCounted(from) && (await isInWindow(to)) ? { outcome: "lost" } : put(from, to);
      }
      const change = () =>
        new TransactWriteItemsCommand({ TransactItems: [{ Put: conditionalPut(from, to) }, { Update: chunk }] });
      const { refusal } = await repeatWhileBusy(random, () => client.send(change()));
      if (refusal === null) return { outcome: "saved" };
      if (refusal.reasons[0] !== null) return { outcome: "lost" };
      const [, stored] = refusal.old;
      if (stored === undefined) return put(from, to);
      return markOf(fromItem(stored)).summed ? changeSummed(from, to, delta) : { outcome: "lost" };
    },

    async listDue(now, limit) {
      const { items } = await queryShards(client, table, {
        index: "due",
        shards: duePartitions(),
        range: { before: timeKey(now) },
        limit,
      });
      return items.map((item) => deliveryOf(fromItem(item)));
    },

    async postponeDue(delivery, dueAt) {
      const { state, attempts } = delivery;
      const postpone = new UpdateItemCommand({
        TableName: table,
        Key: toKey(deliveryKey(delivery)),
        ConditionExpression: "#state = :state AND #attempts = :attempts AND attribute_exists(#duePk)",
        ...updateParts(
          { set: { dueSk: dueSortKey(delivery, dueAt) } },
          { attributes: ["state", "attempts", "duePk"], values: { ":state": state, ":attempts": attempts } },
        ),
      });
      const { refusal } = await repeatWhileBusy(random, () => client.send(postpone));
      return { outcome: refusal === null ? "saved" : "lost" };
    },

    async listProblems(pageId, updateId, limit, cursor, state) {
      const after = problemsAfter(cursor, state);
      const { items, last, more } = await queryShards(client, table, {
        index: "problems",
        shards: problemsPartitions(pageId, updateId),
        range: state !== undefined ? problemsRange(state, after) : after === undefined ? null : { after },
        limit,
      });
      return { items: items.map((item) => deliveryOf(fromItem(item))), next: more ? last : null };
    },

    async listSubscriberDeliveries(pageId, subscriberId, limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, SUBSCRIBER_CURSOR);
      const items = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: toItem({ ":pk": subscriberPartition(pageId, subscriberId) }),
      });
      return newestDeliveries(items.map(deliveryOf), limit, after);
    },

    async listEndpointDeliveries(pageId, subscriberId, limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, SUBSCRIBER_CURSOR);
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: "endpoint",
          KeyConditionExpression: after === undefined ? "pk = :pk" : "pk = :pk AND endpointSk < :after",
          ExpressionAttributeValues: toItem({ ":pk": subscriberPartition(pageId, subscriberId), ":after": after }),
          ScanIndexForward: false,
          // One more than asked for shows whether there is a next page.
          Limit: limit + 1,
        }),
      );
      const named = Items.map((item) => endpointIndexSchema.parse(fromItem(item)));
      const taken = named.slice(0, limit);
      // The index may lag behind; the item itself says what the delivery is now.
      const { items } = newestDeliveries((await batchGet(client, table, taken)).map(deliveryOf), limit, undefined);
      return { items, next: named.length > limit ? (taken.at(-1)?.endpointSk ?? null) : null };
    },
  };

  /** As before, and in the sums that its chunk has gone into. */
  async function changeSummed(from: FromDelivery, to: Delivery, delta: ChunkDelta): Promise<FencedOutcome> {
    const [first = null, last = null] = [least(delta.acceptedTimes), greatest(delta.acceptedTimes)];
    await sums.keepExtremes(to, { first, last, slowestMs: delta.slowestMs ?? 0 });
    const { counts, histogram } = delta;
    const change = () =>
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: conditionalPut(from, to) },
          { Update: chunkUpdate(from, to, delta, "summed") },
          { Update: sums.adding(to, { counts, histogram, chunksDone: 0 }, to.updatedAt) },
        ],
      });
    const { refusal } = await repeatWhileBusy(random, () => client.send(change()));
    return { outcome: refusal === null ? "saved" : "lost" };
  }

  /** The delivery alone, when nothing moves in its chunk. */
  async function put(from: FromDelivery, to: Delivery): Promise<FencedOutcome> {
    // A repeat by the SDK after a lost answer finds its own mark. (A transaction has the SDK's request token for that.)
    const mark = Buffer.from(random(9)).toString("base64url");
    const command = new PutItemCommand(conditionalPut(from, to, mark));
    const { refusal } = await repeatWhileBusy(random, () => client.send(command));
    return { outcome: refusal === null || refusal.old[0]?.mark?.S === mark ? "saved" : "lost" };
  }

  function conditionalPut(from: FromDelivery, to: Delivery, mark?: string) {
    const { state, attempts, leaseUntil } = from;
    return {
      TableName: table,
      Item: toItem({ ...deliveryItem(to), mark }),
      ConditionExpression: `#state = :state AND #attempts = :attempts${leaseUntil === null ? "" : " AND #leaseUntil = :leaseUntil"}`,
      ExpressionAttributeNames: {
        "#state": "state",
        "#attempts": "attempts",
        ...(leaseUntil === null ? {} : { "#leaseUntil": "leaseUntil" }),
      },
      ExpressionAttributeValues: toItem({
        ":state": state,
        ":attempts": attempts,
        ...(leaseUntil === null ? {} : { ":leaseUntil": leaseUntil }),
      }),
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    } satisfies Put;
  }

  function chunkUpdate(from: FromDelivery, to: Delivery, delta: ChunkDelta, as: "summed" | "not summed") {
    const { noLongerRetrying } = delta;
    const counted = mustBeCounted(from);
    return {
      TableName: table,
      Key: toKey(chunkItemKey(to)),
      ConditionExpression: `attribute_exists(pk) AND ${as === "summed" ? "attribute_exists" : "attribute_not_exists"}(#summed)${counted ? " AND NOT contains(#window, :id)" : ""}`,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...updateParts(
        {
          add: { ...addsOf(delta), changes: 1 },
          take: noLongerRetrying.length === 0 ? {} : { retrying: new Set(noLongerRetrying) },
        },
        { attributes: ["summed", ...(counted ? ["window"] : [])], values: counted ? { ":id": to.subscriberId } : {} },
      ),
    } satisfies Update;
  }

  /** Once closed, a window never holds the id again, so this read need not be part of the write. */
  async function isInWindow(delivery: Delivery): Promise<boolean> {
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: table,
        Key: toKey(chunkItemKey(delivery)),
        ConsistentRead: true,
        ProjectionExpression: "#window",
        ExpressionAttributeNames: { "#window": "window" },
      }),
    );
    return Item?.window?.L?.some((id) => id.S === delivery.subscriberId) ?? false;
  }
}

function movesNothing(delta: ChunkDelta): boolean {
  return Object.keys(addsOf(delta)).length === 0 && delta.noLongerRetrying.length === 0;
}
