import { type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { PARTITIONS, partitionEnd, partitionOf } from "../../core/chunk.ts";
import { scaleToAll } from "../../core/ids.ts";
import { type Channel, type Subscriber, subscriberSchema } from "../../core/subscriber.ts";
import { cursorParts } from "../cursor.ts";
import { fromItem, type Item, toItem } from "../table.ts";
import { audiencePartition, POSITION_FORM, positionKey } from "./subscriber-items.ts";
import type { SubscriberStore } from "./subscriber-store.ts";

const subscribersSchema = z.array(subscriberSchema);

/** Sort keys, both included. They mean the same in every partition, because positions order the whole audience. */
interface Bounds {
  from: string;
  to: string;
}

/** Sorts after every "#<id>" of its position, and before the next position. */
const AFTER_ALL_IDS = "#~";
/** Begins at the first position, not at "": DynamoDB refuses an empty text for a key, even in a query. */
const EVERYBODY: Bounds = { from: "00000000", to: `ffffffff${AFTER_ALL_IDS}` };

/**
 * How many more partitions the next round asks. All 32 of a small audience take four rounds, and a round reads no more
 * than four times what is wanted.
 */
const MORE_PARTITIONS = 4;

/** An estimate counted up to this many is off by some 2 %. */
const ENOUGH_TO_SCALE = 2_000;

/** The part of the subscribers store that goes through an audience, whose partitions are ranges of positions. */
export function dynamoAudience(
  client: DynamoDBClient,
  table: string,
): Pick<SubscriberStore, "list" | "listRange" | "estimate"> {
  function query(
    pageId: string,
    channel: Channel,
    partition: number,
    { from, to }: Bounds,
    what: { Limit: number } | { Select: "COUNT" },
  ) {
    return client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: toItem({
          ":pk": audiencePartition(pageId, channel, partition),
          ":from": from,
          ":to": to,
        }),
        ...what,
      }),
    );
  }

  /** The first `limit` within the bounds, and whether there are more. */
  async function read(pageId: string, channel: Channel, bounds: Bounds, limit: number) {
    const found: Item[] = [];
    let { from } = bounds;
    const last = partitionOf(bounds.to);
    for (let partition = partitionOf(from), width = 1; partition <= last; width *= MORE_PARTITIONS) {
      const rest = { from, to: bounds.to };
      const asked = Array.from({ length: Math.min(width, last - partition + 1) }, (_, index) => partition + index);
      const answers = await Promise.all(
        asked.map((one) => query(pageId, channel, one, rest, { Limit: limit + 1 - found.length })),
      );
      for (const { Items = [], LastEvaluatedKey } of answers) {
        for (const item of Items) found.push(item);
        if (found.length > limit) break;
        // A page of a query ends at 1 MB.
        if (LastEvaluatedKey?.sk?.S !== undefined) {
          from = `${LastEvaluatedKey.sk.S}!`;
          break;
        }
        partition += 1;
      }
      if (found.length > limit) break;
    }
    const subscribers = subscribersSchema.parse(found.slice(0, limit).map(fromItem));
    const end = subscribers.at(-1);
    return { subscribers, next: end !== undefined && found.length > limit ? positionKey(end.id) : null };
  }

  return {
    async list(pageId, channel, limit, cursor) {
      const { subscribers, next } = await read(pageId, channel, after(EVERYBODY, cursor), limit);
      return { items: subscribers, next };
    },

    async listRange(pageId, channel, { from, to }, cursor, limit) {
      const bounds = { from: `${from}#`, to: `${to}${AFTER_ALL_IDS}` };
      const { subscribers, next } = await read(pageId, channel, after(bounds, cursor), limit);
      return { items: subscribers.filter(isActive), next };
    },

    async estimate(pageId, channel) {
      let counted = 0;
      for (let partition = 0, width = 1; partition < PARTITIONS; width *= MORE_PARTITIONS) {
        const asked = Array.from({ length: Math.min(width, PARTITIONS - partition) }, (_, index) => partition + index);
        const answers = await Promise.all(
          asked.map((one) => query(pageId, channel, one, EVERYBODY, { Select: "COUNT" })),
        );
        for (const { Count = 0, LastEvaluatedKey } of answers) {
          counted += Count;
          const reached = LastEvaluatedKey?.sk?.S;
          if (reached !== undefined) return scaleToAll(counted, reached);
          partition += 1;
        }
        if (counted >= ENOUGH_TO_SCALE) return scaleToAll(counted, partitionEnd(partition - 1));
      }
      return counted;
    },
  };
}

/** The smallest text after the cursor: the bounds stay one interval, whatever is removed meanwhile. */
function after(bounds: Bounds, cursor: string | null): Bounds {
  if (cursor === null) return bounds;
  const [position] = cursorParts(cursor, POSITION_FORM);
  return { ...bounds, from: `${position}!` };
}

function isActive({ state }: Subscriber): boolean {
  return state === "active";
}
