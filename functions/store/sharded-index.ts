import { type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { type Item, toItem } from "./table.ts";

type SortKeyRange = { after: string } | { before: string } | { from: string; to: string };

/** A sparse index of the deliveries table, or (`purge`) of the subscribers table: its attributes are `<name>Pk` and `<name>Sk`. */
export interface ShardedQuery {
  index: "problems" | "due" | "open" | "purge";
  /** Partition values of all shards. */
  shards: readonly string[];
  /** Only sort keys after this one, before that one, or between two (both included); null: all. */
  range: SortKeyRange | null;
  limit: number;
}

/** The items read from a shard, in order; `startKey`: where it goes on, undefined at its end. */
interface Shard {
  partition: string;
  items: { item: Item; sk: string }[];
  startKey: Item | undefined;
}

/** Items are spread evenly, so this many times its share is mostly all that is needed from a shard. */
const MARGIN = 2;

/**
 * Reads all shards of an index and merges them by sort key. `more`: there are more after those returned. Index reads
 * are eventually consistent. The sort keys must be unique across shards, because the last one is the cursor.
 */
export async function queryShards(
  client: DynamoDBClient,
  table: string,
  query: ShardedQuery,
): Promise<{ items: Item[]; last: string | null; more: boolean }> {
  // One more than the limit shows whether there are more.
  const wanted = query.limit + 1;
  const each = Math.ceil((wanted * MARGIN) / query.shards.length);
  const next = (shard: Shard) => readOn(client, table, shard, query, each);
  const empty = query.shards.map((partition): Shard => ({ partition, items: [], startKey: undefined }));
  let shards = await Promise.all(empty.map(next));
  for (;;) {
    const sorted = shards.flatMap(({ items }) => items).sort((a, b) => (a.sk < b.sk ? -1 : 1));
    const end = sorted[wanted - 1]?.sk;
    // A shard whose last item comes before the end may have further ones that belong among those found.
    const isShort = ({ items, startKey }: Shard) =>
      startKey !== undefined && (end === undefined || (items.at(-1)?.sk ?? "") < end);
    if (!shards.some(isShort)) {
      const taken = sorted.slice(0, query.limit);
      return {
        items: taken.map(({ item }) => item),
        last: taken.at(-1)?.sk ?? null,
        more: sorted.length > query.limit,
      };
    }
    shards = await Promise.all(shards.map((shard) => (isShort(shard) ? next(shard) : shard)));
  }
}

async function readOn(
  client: DynamoDBClient,
  table: string,
  { partition, items, startKey }: Shard,
  { index, range }: ShardedQuery,
  limit: number,
): Promise<Shard> {
  const page = await client.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: `#pk = :pk${comparison(range)}`,
      ExpressionAttributeNames: { "#pk": `${index}Pk`, ...(range === null ? {} : { "#sk": `${index}Sk` }) },
      ExpressionAttributeValues: toItem({ ":pk": partition, ...boundsOf(range) }),
      Limit: limit,
      ExclusiveStartKey: startKey,
    }),
  );
  const found = (page.Items ?? []).map((item) => ({ item, sk: item[`${index}Sk`]?.S ?? "" }));
  return { partition, items: [...items, ...found], startKey: page.LastEvaluatedKey };
}

function comparison(range: ShardedQuery["range"]): string {
  if (range === null) return "";
  if ("from" in range) return " AND #sk BETWEEN :from AND :to";
  return "after" in range ? " AND #sk > :sk" : " AND #sk < :sk";
}

function boundsOf(range: ShardedQuery["range"]): Record<string, string> {
  if (range === null) return {};
  if ("from" in range) return { ":from": range.from, ":to": range.to };
  return { ":sk": "after" in range ? range.after : range.before };
}
