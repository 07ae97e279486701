import { TransactWriteItemsCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { type ChunkKey, isSummed } from "../../core/chunk.ts";
import { TableBusyError } from "../busy.ts";
import { repeatWhileBusy } from "../repeat.ts";
import { batchGet, fromItem, getItem, queryAll, toItem, toKey } from "../table.ts";
import { type Change, updateParts } from "../update-expression.ts";
import { type DynamoSums, dynamoSums } from "./dynamo-sums.ts";
import type { FencedOutcome, Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { addsOf, chunkItemKey, chunkOf, chunkPartitions, chunkPrefix, expiryOf, markOf } from "./ledger-items.ts";

type Chunks = Pick<
  Ledger,
  | "claimChunk"
  | "getChunks"
  | "listChunks"
  | "openWindow"
  | "closeWindow"
  | "finishChunk"
  | "getSums"
  | "yieldChunk"
  | "requeueChunk"
>;

/** Nobody is at work on it. Needs `#state`, `#leaseUntil`, `:queued`, `:claimed`, `:now`. */
const LEASE_OVER = "(#state = :claimed AND #leaseUntil <= :now)";
const FREE = `(attribute_not_exists(pk) OR #state = :queued OR ${LEASE_OVER})`;
/**
 * An invocation gave it back and its time has come, or it was queued long ago and nobody claimed it. Needs `#wakeAt`,
 * `#queuedAt`, `:queuedBefore` too.
 */
const UNHEARD = "(attribute_not_exists(#wakeAt) AND #queuedAt <= :queuedBefore)";
const FORGOTTEN = `(attribute_not_exists(pk) OR (#state = :queued AND (#wakeAt <= :now OR ${UNHEARD})) OR ${LEASE_OVER})`;

/** Each time that one of its retries comes to an end at the same moment. */
const FINISH_TRIES = 10;

/** The part of the ledger about chunks: claims, windows, counts. */
export function dynamoChunks({ client, table, random }: LedgerDeps): Chunks {
  const sums: DynamoSums = dynamoSums({ client, table, random });
  // The SDK repeats a call whose answer got lost. A repeated ADD would count twice, and a repeated claim would find the
  // chunk leased by itself. A write's mark shows its second run that the first one went through.
  const newMark = () => Buffer.from(random(9)).toString("base64url");

  /** A write by the invocation that holds the claim. */
  async function fenced(key: ChunkKey, claim: number, change: Change): Promise<FencedOutcome> {
    const mark = newMark();
    const update = new UpdateItemCommand({
      TableName: table,
      Key: toKey(chunkItemKey(key)),
      ConditionExpression: "#state = :claimed AND #attempt = :attempt AND #mark <> :new_mark",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...updateParts(
        { ...change, set: { ...change.set, mark } },
        { attributes: ["state", "attempt"], values: { ":claimed": "claimed", ":attempt": claim } },
      ),
    });
    const { refusal } = await repeatWhileBusy(random, () => client.send(update));
    return { outcome: refusal === null || refusal.old[0]?.mark?.S === mark ? "saved" : "lost" };
  }

  /** claimed -> done, and its numbers into the sums: as they are at that moment, for its first retries may be over by now. */
  async function finishSummed(key: ChunkKey, claim: number): Promise<FencedOutcome> {
    for (let tries = 1; tries <= FINISH_TRIES; tries += 1) {
      const item = await getItem(client, table, chunkItemKey(key));
      if (item === null) return { outcome: "lost" };
      const chunk = chunkOf(item);
      if (chunk.state !== "claimed" || chunk.attempt !== claim) return { outcome: "lost" };
      const { counts, histogram, firstAcceptedAt: first, lastAcceptedAt: last, slowestMs } = chunk;
      await sums.keepExtremes(key, { first, last, slowestMs });
      const { changes } = markOf(item);
      const finish = {
        TableName: table,
        Key: toKey(chunkItemKey(key)),
        ConditionExpression: `#state = :claimed AND #attempt = :attempt AND ${changes === 0 ? "attribute_not_exists(#changes)" : "#changes = :changes"}`,
        ...updateParts(
          { set: { state: "done", summed: true } },
          {
            attributes: ["state", "attempt", "changes"],
            values: { ":claimed": "claimed", ":attempt": claim, ...(changes === 0 ? {} : { ":changes": changes }) },
          },
        ),
      };
      const add = sums.adding(key, { counts, histogram, chunksDone: 1 }, chunk.queuedAt);
      // Made once: a transaction that is run again after a lost answer is known by its token.
      const write = new TransactWriteItemsCommand({ TransactItems: [{ Update: finish }, { Update: add }] });
      const { refusal } = await repeatWhileBusy(random, () => client.send(write));
      if (refusal === null) return { outcome: "saved" };
    }
    throw new TableBusyError(`a chunk changed ${FINISH_TRIES} times while it was being finished`);
  }

  return {
    async claimChunk(key, resend, now, leaseUntil) {
      const mark = newMark();
      // The greatest resend number stays. An expression cannot choose, so a late copy tries again with the stored one.
      for (let number = resend; ; ) {
        const claim = new UpdateItemCommand({
          TableName: table,
          Key: toKey(chunkItemKey(key)),
          ConditionExpression: `${FREE} AND (attribute_not_exists(#resend) OR #resend <= :new_resend)`,
          ReturnValues: "ALL_NEW",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          ...updateParts(
            {
              set: { state: "claimed", leaseUntil, resend: number, mark },
              setOnce: { ...identity(key), queuedAt: now, expiresAt: expiryOf(now) },
              add: { attempt: 1 },
              remove: ["wakeAt"],
            },
            { attributes: [], values: { ":queued": "queued", ":claimed": "claimed", ":now": now } },
          ),
        });
        const attempted = await repeatWhileBusy(random, () => client.send(claim));
        if (attempted.refusal === null) {
          return { outcome: "claimed", chunk: chunkOf(fromItem(attempted.result.Attributes ?? {})) };
        }
        const stored = fromItem(attempted.refusal.old[0] ?? {});
        const chunk = chunkOf(stored);
        if (stored.mark === mark) return { outcome: "claimed", chunk };
        if (chunk.state === "done") return { outcome: "lost", why: "done" };
        if (chunk.state === "claimed" && chunk.leaseUntil > now) return { outcome: "lost", why: "leased" };
        number = Math.max(number, chunk.resend);
      }
    },

    async getChunks(refs) {
      const keys = new Map(refs.map(chunkItemKey).map((key) => [`${key.pk}|${key.sk}`, key]));
      return (await batchGet(client, table, [...keys.values()])).map(chunkOf);
    },

    async listChunks(pageId, updateId, channel) {
      const listed = await Promise.all(
        chunkPartitions(pageId, updateId).map((partition) =>
          queryAll(client, {
            TableName: table,
            KeyConditionExpression: "pk = :pk AND begins_with(sk, :chunks)",
            ExpressionAttributeValues: toItem({ ":pk": partition, ":chunks": chunkPrefix(channel) }),
          }),
        ),
      );
      return listed
        .flat()
        .map(chunkOf)
        .sort((a, b) => (a.channel === b.channel ? a.chunk - b.chunk : a.channel < b.channel ? -1 : 1));
    },

    openWindow: (key, claim, window, windowAgain) =>
      fenced(key, claim, { set: { window: [...window], windowAgain: [...windowAgain] } }),

    closeWindow: (key, claim, progress, cursor) =>
      fenced(key, claim, {
        set: { window: [], windowAgain: [], cursor },
        add: addsOf({
          counts: progress.counts,
          histogram: progress.histogram,
          slowestMs: progress.slowestMs,
          acceptedTimes: [progress.firstAcceptedAt, progress.lastAcceptedAt].filter((at) => at !== null),
          nowRetrying: progress.retrying,
        }),
      }),

    finishChunk: (key, claim) =>
      isSummed(key.of) ? finishSummed(key, claim) : fenced(key, claim, { set: { state: "done" } }),

    getSums: sums.getSums,

    yieldChunk: (key, claim, notBefore) =>
      fenced(key, claim, { set: { state: "queued", wakeAt: notBefore, leaseUntil: 0 } }),

    async requeueChunk(key, now, queuedBefore) {
      const mark = newMark();
      const requeue = new UpdateItemCommand({
        TableName: table,
        Key: toKey(chunkItemKey(key)),
        ConditionExpression: FORGOTTEN,
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        ...updateParts(
          {
            set: { state: "queued", queuedAt: now, leaseUntil: 0, mark },
            setOnce: { ...identity(key), expiresAt: expiryOf(now) },
            add: { resend: 1 },
            remove: ["wakeAt"],
          },
          {
            attributes: [],
            values: { ":queued": "queued", ":claimed": "claimed", ":now": now, ":queuedBefore": queuedBefore },
          },
        ),
      });
      const attempted = await repeatWhileBusy(random, () => client.send(requeue));
      if (attempted.refusal === null) return chunkOf(fromItem(attempted.result.Attributes ?? {})).resend;
      const stored = fromItem(attempted.refusal.old[0] ?? {});
      return stored.mark === mark ? chunkOf(stored).resend : null;
    },
  };
}

/**
 * The key's own fields, stored once so that the item says what it is. The subject's id keeps its old name: see
 * stored-subject.ts.
 */
function identity({ pageId, subject, updateId, seq, channel, chunk, of }: ChunkKey): Record<string, unknown> {
  return { pageId, incidentId: subject.id, updateId, seq, channel, chunk, of };
}
