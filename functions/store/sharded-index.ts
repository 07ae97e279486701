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

/**
 * Reads all shards of an index and merges them by sort key. `more`: there are more after those returned. Index reads
 * are eventually consistent. The sort keys must be unique across shards, because the last one is the cursor.
 */
export async function queryShards(
  client: DynamoDBClient,
  table: string,
  query: ShardedQuery,
): Promise<{ items: Item[]; last: string | null; more: boolean }> {
  const perShard = await Promise.all(query.shards.map((shard) => queryShard(client, table, shard, query)));
  const sorted = perShard
    .flat()
    .map((item) => ({ item, sk: item[`${query.index}Sk`]?.S ?? "" }))
    .sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const taken = sorted.slice(0, query.limit);
  return {
    items: taken.map(({ item }) => item),
    last: taken.at(-1)?.sk ?? null,
    more: sorted.length > query.limit,
  };
}

/** Reads one more than the limit, which shows whether there are more. */
async function queryShard(
  client: DynamoDBClient,
  table: string,
  shard: string,
  { index, range, limit }: ShardedQuery,
): Promise<Item[]> {
  const items: Item[] = [];
  let startKey: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: index,
        KeyConditionExpression: `#pk = :pk${comparison(range)}`,
        ExpressionAttributeNames: { "#pk": `${index}Pk`, ...(range === null ? {} : { "#sk": `${index}Sk` }) },
        ExpressionAttributeValues: toItem({ ":pk": shard, ...boundsOf(range) }),
        Limit: limit + 1 - items.length,
        ExclusiveStartKey: startKey,
      }),
    );
    for (const item of page.Items ?? []) items.push(item);
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined && items.length <= limit);
  return items;
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
