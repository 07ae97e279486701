import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import type { Incident, Update } from "../../functions/core/incident.ts";
import type { Notice } from "../../functions/core/notice.ts";
import type { UpdateInput } from "../../functions/core/posting.ts";
import { noticeKey, noticeOf } from "../../functions/store/deliveries/notice-item.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import { fromItem, toKey } from "../../functions/store/table.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { describeOnBoth, type Server } from "./on-both.ts";
import { anId, anIncident, aPage, NOW, opening } from "./samples.ts";

/** A suite that the fake and the real store pass. A test begins with a store that has a page in it. */
export function describeStatus(name: string, suite: (withPage: WithPage) => void): void {
  describeOnBoth(name, { memory: inMemory, dynamo: onDynamo }, (subject) => suite(() => withPageIn(subject())));
}

type WithPage = () => ReturnType<typeof withPageIn>;

interface Subject {
  store: StatusStore;
  /** What was put where notices go. */
  notice(pageId: string, updateId: string): Promise<Notice | null>;
}

function inMemory(): Subject {
  const notices = new Map<string, Notice>();
  return {
    store: memoryStatusStore({ putNotice: (notice) => notices.set(notice.updateId, notice) }),
    async notice(_pageId, updateId) {
      return notices.get(updateId) ?? null;
    },
  };
}

function onDynamo({ client, tables }: Server): Subject {
  return {
    store: dynamoStatusStore({ client, statusTable: tables.status, deliveriesTable: tables.deliveries }),
    async notice(pageId, updateId) {
      const Key = toKey(noticeKey(pageId, updateId));
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tables.deliveries, Key, ConsistentRead: true }),
      );
      return Item === undefined ? null : noticeOf(fromItem(Item));
    },
  };
}

async function withPageIn({ store, notice }: Subject) {
  const page = aPage();
  expect(await store.createPage(page)).toEqual({ outcome: "committed" });
  const version = async () => (await store.getPage(page.id))?.version;
  return { store, notice, page, pageId: page.id, version };
}

export async function opened(
  store: StatusStore,
  pageId: string,
  createdAt = NOW,
): Promise<{ incident: Incident; update: Update }> {
  const commit = opening(anIncident(pageId), createdAt);
  expect(await store.commitIncident(commit)).toEqual({ outcome: "committed" });
  if (commit.update === null) throw new Error("an opening has an update");
  return { incident: commit.incident, update: commit.update };
}

export function anUpdate(overrides: Partial<UpdateInput> = {}): UpdateInput {
  return {
    updateId: anId(),
    status: "identified",
    body: "We found it.",
    components: {},
    deliverNotifications: true,
    displayAt: null,
    ...overrides,
  };
}
