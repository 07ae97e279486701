import {
  type DynamoDBClient,
  type Put,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import {
  type Catalog,
  type ComponentChange,
  catalogSchema,
  componentChangeSchema,
  EMPTY_CATALOG,
} from "../../core/component.ts";
import { noticeOfChange } from "../../core/component-change.ts";
import { type Incident, isUnresolved, updateSchema } from "../../core/incident.ts";
import type { Notice } from "../../core/notice.ts";
import { pageSchema } from "../../core/page.ts";
import type { IncidentCommit } from "../../core/posting.ts";
import { cursorParts } from "../cursor.ts";
import { noticeItem } from "../deliveries/notice-item.ts";
import {
  attempt,
  batchGet,
  fromItem,
  getItem,
  isConflict,
  type Key,
  queryAll,
  timeKey,
  toItem,
  toKey,
} from "../table.ts";
import { dynamoPublication } from "./dynamo-publication.ts";
import { dynamoTellings } from "./dynamo-tellings.ts";
import {
  catalogKey,
  changeKey,
  changesPartition,
  directoryEntrySchema,
  directoryKey,
  incidentItem,
  incidentItemSchema,
  incidentKey,
  pageKey,
  pagePartition,
  updateKey,
  updatesPartition,
} from "./status-items.ts";
import type { CommitOutcome, StatusStore } from "./status-store.ts";

interface StatusTables {
  client: DynamoDBClient;
  statusTable: string;
  /** Notices go there, in the transaction of what they are about. */
  deliveriesTable: string;
}

/** An action of a transaction, and what it means when its condition does not hold. */
interface Action {
  item: TransactWriteItem;
  refused: "conflict" | "exists" | "no such page";
}

export function dynamoStatusStore({ client, statusTable, deliveriesTable }: StatusTables): StatusStore {
  async function transact(actions: readonly Action[]): Promise<CommitOutcome> {
    const attempted = await attempt(() =>
      client.send(new TransactWriteItemsCommand({ TransactItems: actions.map(({ item }) => item) })),
    );
    if (attempted.refusal === null) return { outcome: "committed" };
    if (isConflict(attempted.refusal)) return { outcome: "conflict" };
    const refused = attempted.refusal.reasons.flatMap((reason, index) =>
      reason === "condition" ? [actions[index]?.refused] : [],
    );
    if (refused.includes("no such page")) throw new Error("there is no page with this id");
    return { outcome: refused.includes("exists") ? "exists" : "conflict" };
  }

  function createAction(key: Key, value: Record<string, unknown>, refused: Action["refused"]): Action {
    return {
      item: {
        Put: {
          TableName: statusTable,
          Item: toItem({ ...key, ...value }),
          ConditionExpression: "attribute_not_exists(pk)",
        },
      },
      refused,
    };
  }

  function replacement(key: Key, value: Record<string, unknown>, version: number): Put {
    return {
      TableName: statusTable,
      Item: toItem({ ...key, ...value }),
      ConditionExpression: "#version = :version",
      ExpressionAttributeNames: { "#version": "version" },
      ExpressionAttributeValues: toItem({ ":version": version }),
    };
  }

  function replaceAction(key: Key, value: Record<string, unknown>, version: number): Action {
    return { item: { Put: replacement(key, value, version) }, refused: "conflict" };
  }

  /** The catalog's `version` is the one that the stored catalog must have; 0: there must be none. */
  function catalogAction(pageId: string, catalog: Catalog): Action {
    const key = catalogKey(pageId);
    const stored = { ...catalog, version: catalog.version + 1 };
    return catalog.version === 0 ? createAction(key, stored, "conflict") : replaceAction(key, stored, catalog.version);
  }

  /** `id` distinguishes changes of the same millisecond. */
  function changeAction(change: ComponentChange, id: string): Action {
    return createAction(changeKey(change, id), change, "conflict");
  }

  /** Every change of what the page shows raises its version, which is what the publisher goes by. */
  function pageAction(pageId: string, updatedAt: number): Action {
    return {
      item: {
        Update: {
          TableName: statusTable,
          Key: toKey(pageKey(pageId)),
          UpdateExpression: "SET updatedAt = :now ADD #version :one",
          ConditionExpression: "attribute_exists(pk)",
          ExpressionAttributeNames: { "#version": "version" },
          ExpressionAttributeValues: toItem({ ":now": updatedAt, ":one": 1 }),
        },
      },
      refused: "no such page",
    };
  }

  /** Nothing is announced twice, whatever became of the run that announced it. */
  function noticeAction(notice: Notice): Action {
    const put = { Item: toItem(noticeItem(notice)), ConditionExpression: "attribute_not_exists(pk)" };
    return { item: { Put: { TableName: deliveriesTable, ...put } }, refused: "conflict" };
  }

  function commitActions({ incident, expectedVersion, update, catalog, change, notice }: IncidentCommit): Action[] {
    const { pageId } = incident;
    const header = incidentItem(incident);
    const key = incidentKey(pageId, incident.id);
    const actions = [
      expectedVersion === null ? createAction(key, header, "exists") : replaceAction(key, header, expectedVersion),
      pageAction(pageId, incident.updatedAt),
    ];
    if (update !== null) actions.push(createAction(updateKey(pageId, incident.id, update.seq), update, "conflict"));
    if (catalog !== null) actions.push(catalogAction(pageId, catalog));
    if (change !== null) actions.push(changeAction(change, `${incident.id}-${incident.version}`));
    if (notice !== null) actions.push(noticeAction(notice));
    return actions;
  }

  async function getPage(pageId: string) {
    const item = await getItem(client, statusTable, pageKey(pageId));
    return item === null ? null : pageSchema.parse(item);
  }

  return {
    createPage(page) {
      return transact([
        createAction(pageKey(page.id), page, "exists"),
        createAction(directoryKey(page.id), { pageId: page.id }, "exists"),
      ]);
    },

    getPage,

    async listPages() {
      const entries = await queryAll(client, {
        TableName: statusTable,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: toItem({ ":pk": directoryKey("").pk }),
      });
      const keys = z
        .array(directoryEntrySchema)
        .parse(entries)
        .map(({ pageId }) => pageKey(pageId));
      const pages = z.array(pageSchema).parse(await batchGet(client, statusTable, keys));
      return pages.sort((a, b) => a.createdAt - b.createdAt);
    },

    async savePage(page) {
      const put = replacement(pageKey(page.id), { ...page, version: page.version + 1 }, page.version);
      const { refusal } = await attempt(() => client.send(new PutItemCommand(put)));
      return { outcome: refusal === null ? "committed" : "conflict" };
    },

    async getCatalog(pageId) {
      const item = await getItem(client, statusTable, catalogKey(pageId));
      return item === null ? EMPTY_CATALOG : catalogSchema.parse(item);
    },

    async saveCatalog(pageId, catalog, change) {
      const page = await getPage(pageId);
      if (page === null) throw new Error("there is no page with this id");
      const actions = [
        catalogAction(pageId, catalog),
        pageAction(pageId, lastChangeOf(catalog, change, page.updatedAt)),
      ];
      if (change !== null) actions.push(changeAction(change, `catalog-${catalog.version + 1}`));
      const notice = change === null ? null : noticeOfChange(change);
      if (notice !== null) actions.push(noticeAction(notice));
      return transact(actions);
    },

    commitIncident: (commit) => transact(commitActions(commit)),

    async getIncident(pageId, incidentId) {
      const item = await getItem(client, statusTable, incidentKey(pageId, incidentId));
      return item === null ? null : incidentItemSchema.parse(item);
    },

    async listUpdates(pageId, incidentId) {
      const items = await queryAll(client, {
        TableName: statusTable,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :updates)",
        ExpressionAttributeValues: toItem({ ":pk": updatesPartition(pageId, incidentId), ":updates": "UPDATE#" }),
      });
      return z.array(updateSchema).parse(items);
    },

    ...dynamoTellings(client, statusTable),

    editUpdate(update, incident, expectedVersion) {
      const edit: Action = {
        item: {
          Update: {
            TableName: statusTable,
            Key: toKey(updateKey(update.pageId, update.incidentId, update.seq)),
            UpdateExpression: "SET body = :body, displayAt = :displayAt, updatedAt = :updatedAt",
            ConditionExpression: "id = :id",
            ExpressionAttributeValues: toItem({
              ":id": update.id,
              ":body": update.body,
              ":displayAt": update.displayAt,
              ":updatedAt": update.updatedAt,
            }),
          },
        },
        refused: "conflict",
      };
      const header = replaceAction(incidentKey(incident.pageId, incident.id), incidentItem(incident), expectedVersion);
      return transact([header, edit, pageAction(incident.pageId, incident.updatedAt)]);
    },

    async listIncidents(pageId, limit, cursor) {
      // One more than asked for shows whether there is a next page.
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: statusTable,
          IndexName: "newest",
          ConsistentRead: true,
          ScanIndexForward: false,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: toItem({ ":pk": pagePartition(pageId) }),
          Limit: limit + 1,
          ExclusiveStartKey: cursor === null ? undefined : startOf(pageId, cursor),
        }),
      );
      const found = z.array(incidentItemSchema).parse(Items.map(fromItem));
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const more = found.length > limit || LastEvaluatedKey !== undefined;
      return { items, next: last !== undefined && more ? cursorOf(last) : null };
    },

    async listUnresolved(pageId) {
      const items = await queryAll(client, {
        TableName: statusTable,
        IndexName: "unresolved",
        ScanIndexForward: false,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: toItem({ ":pk": pagePartition(pageId) }),
      });
      return z.array(incidentItemSchema).parse(items).filter(isUnresolved);
    },

    async listChanges(pageId, since) {
      const items = await queryAll(client, {
        TableName: statusTable,
        KeyConditionExpression: "pk = :pk AND sk >= :since",
        ExpressionAttributeValues: toItem({ ":pk": changesPartition(pageId), ":since": timeKey(since) }),
      });
      return z.array(componentChangeSchema).parse(items);
    },

    ...dynamoPublication({ client, statusTable }),
  };
}

/** When the page last changed, with what is about to be stored; never before `present`. */
function lastChangeOf(catalog: Catalog, change: ComponentChange | null, present: number): number {
  const times = [...catalog.components, ...catalog.groups].map(({ updatedAt }) => updatedAt);
  return times.reduce((latest, time) => Math.max(latest, time), Math.max(present, change?.at ?? 0));
}

/** `<creation time>-<incident id>`: the position in the index, and nothing that is secret. */
function cursorOf(incident: Incident): string {
  return `${incident.createdAt}-${incident.id}`;
}

function startOf(pageId: string, cursor: string) {
  const [newestAt = "", incidentId = ""] = cursorParts(cursor, /^(\d{1,15})-([a-z0-9]{12})$/);
  return { ...toKey(incidentKey(pageId, incidentId)), newestAt: { N: newestAt } };
}
