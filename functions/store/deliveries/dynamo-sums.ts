import { type Update, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { ChunkName } from "../../core/chunk.ts";
import { repeatWhileBusy } from "../repeat.ts";
import { batchGet, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { addsOf, expiryOf, type Summand, sumsKey, sumsKeys, sumsOf } from "./ledger-items.ts";

/**
 * The sums over the chunks of a large update that are done, one item beside each partition of chunks: its report adds up
 * 32 items in place of 200,000. Every number goes into them in the transaction that changes the chunk, so that neither
 * is ever without the other.
 */
export function dynamoSums({ client, table, random }: LedgerDeps) {
  /** The transaction's part. */
  function adding(chunk: ChunkName, summand: Omit<Summand, "extremes">, now: number): Update {
    return {
      TableName: table,
      Key: toKey(sumsKey(chunk)),
      ...updateParts({
        setOnce: { expiresAt: expiryOf(now), channel: chunk.channel },
        add: {
          ...addsOf({ ...summand, slowestMs: null, acceptedTimes: [], nowRetrying: [] }),
          chunksDone: summand.chunksDone,
        },
      }),
    };
  }

  async function keepIf(chunk: ChunkName, set: Record<string, number>, name: string, sign: "<" | ">"): Promise<void> {
    const keep = new UpdateItemCommand({
      TableName: table,
      Key: toKey(sumsKey(chunk)),
      ConditionExpression: `attribute_not_exists(#${name}) OR #${name} ${sign} :new_${name}`,
      ...updateParts({ set }),
    });
    // Refused: there is a greater or smaller one already.
    await repeatWhileBusy(random, () => client.send(keep));
  }

  /**
   * Before the transaction: an update expression takes no maximum, a condition does. Repeated, or without its transaction,
   * it is as true. The last acceptance is the slowest, because all were committed at once.
   */
  async function keepExtremes(chunk: ChunkName, { first, last, slowestMs }: Summand["extremes"]): Promise<void> {
    if (first === null || last === null) return;
    await keepIf(chunk, { firstAcceptedAt: first }, "firstAcceptedAt", ">");
    await keepIf(chunk, { lastAcceptedAt: last, slowestMs }, "lastAcceptedAt", "<");
  }

  const getSums: Ledger["getSums"] = async (pageId, updateId, channel) =>
    (await batchGet(client, table, sumsKeys(pageId, updateId, channel))).map(sumsOf);

  return { adding, keepExtremes, getSums };
}

export type DynamoSums = ReturnType<typeof dynamoSums>;
