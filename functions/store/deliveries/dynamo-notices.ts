import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { tooOldFor } from "../../core/chunk.ts";
import { cursorParts } from "../cursor.ts";
import { repeatWhileBusy } from "../repeat.ts";
import { queryShards } from "../sharded-index.ts";
import { fromItem, getItem, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { chunkPlanOf, expiryOf, OPEN_CURSOR, PLANNED_PREFIX, planKey } from "./ledger-items.ts";
import { noticeKey, noticeOf, OPEN_SHARDS, openPartition } from "./notice-item.ts";

type Notices = Pick<
  Ledger,
  | "getNotice"
  | "noteQueued"
  | "markPlanned"
  | "settleTopic"
  | "markDone"
  | "listOpenNotices"
  | "getChunkPlan"
  | "fixChunks"
>;

const OPEN_PARTITIONS = Array.from({ length: OPEN_SHARDS }, (_, shard) => openPartition(shard));

/** The part of the ledger that an update's planning needs: its notice, its number of chunks. */
export function dynamoNotices({ client, table, random }: LedgerDeps): Notices {
  return {
    async getNotice(pageId, updateId) {
      const item = await getItem(client, table, noticeKey(pageId, updateId));
      return item === null ? null : noticeOf(item);
    },

    async noteQueued({ pageId, updateId }, queued) {
      const note = new UpdateItemCommand({
        TableName: table,
        Key: toKey(noticeKey(pageId, updateId)),
        ConditionExpression: "#state = :unplanned AND (attribute_not_exists(#queued) OR #queued <= :new_queued)",
        ...updateParts({ set: { queued } }, { attributes: ["state"], values: { ":unplanned": "unplanned" } }),
      });
      const { refusal } = await repeatWhileBusy(random, () => client.send(note));
      return { outcome: refusal === null ? "saved" : "lost" };
    },

    async markPlanned({ pageId, updateId }, plan, now, topic) {
      const planned = new UpdateItemCommand({
        TableName: table,
        Key: toKey(noticeKey(pageId, updateId)),
        ConditionExpression: "#state = :unplanned",
        ...updateParts(
          { set: { state: "planned", plan, plannedAt: now, ...(topic === undefined ? {} : { topic }) } },
          { attributes: ["state"], values: { ":unplanned": "unplanned" } },
        ),
      });
      const { refusal } = await repeatWhileBusy(random, () => client.send(planned));
      return { outcome: refusal === null ? "saved" : "lost" };
    },

    async settleTopic({ pageId, updateId }, topic) {
      const settled = new UpdateItemCommand({
        TableName: table,
        Key: toKey(noticeKey(pageId, updateId)),
        ConditionExpression: "attribute_exists(pk)",
        ...updateParts({ set: { topic } }),
      });
      // Refused: it has expired, and nobody asks for it any more.
      await repeatWhileBusy(random, () => client.send(settled));
    },

    async markDone({ pageId, updateId }) {
      const done = new UpdateItemCommand({
        TableName: table,
        Key: toKey(noticeKey(pageId, updateId)),
        ConditionExpression: "#state = :planned",
        ...updateParts(
          { set: { state: "done" }, remove: ["openPk", "openSk"] },
          { attributes: ["state"], values: { ":planned": "planned" } },
        ),
      });
      // Refused: somebody else marked it, or it has expired. Either way nothing is left to do.
      await repeatWhileBusy(random, () => client.send(done));
    },

    async listOpenNotices(limit, cursor) {
      const [after] = cursor === null ? [] : cursorParts(cursor, OPEN_CURSOR);
      const { items, last, more } = await queryShards(client, table, {
        index: "open",
        shards: OPEN_PARTITIONS,
        range: after === undefined ? null : { after },
        limit,
      });
      return { items: items.map((item) => noticeOf(fromItem(item))), next: more ? last : null };
    },

    async getChunkPlan(key) {
      const item = await getItem(client, table, planKey(key));
      return item === null ? null : chunkPlanOf(item);
    },

    async fixChunks(key, seq, chunks, read, now) {
      const version = read?.version ?? 0;
      const fix = new UpdateItemCommand({
        TableName: table,
        Key: toKey(planKey(key)),
        ConditionExpression: read === null ? "attribute_not_exists(pk)" : "#version = :read",
        ...updateParts(
          // Each use puts off the expiry: the plan must outlive the incident's newest chunks.
          {
            set: { [`${PLANNED_PREFIX}${seq}`]: chunks, version: version + 1, expiresAt: expiryOf(now) },
            remove: read === null ? [] : tooOldFor(read).map((old) => `${PLANNED_PREFIX}${old}`),
          },
          { attributes: [], values: read === null ? {} : { ":read": version } },
        ),
      });
      const { refusal } = await repeatWhileBusy(random, () => client.send(fix));
      return { outcome: refusal === null ? "saved" : "lost" };
    },
  };
}
