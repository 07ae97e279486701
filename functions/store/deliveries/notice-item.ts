import { sha256Hex } from "../../core/ids.ts";
import { type Notice, noticeSchema } from "../../core/notice.ts";
import { timeKey } from "../table.ts";
import { subjectAttributes, subjectIn } from "./stored-subject.ts";

/** Shards of the index *open*: sweep reads them all, so that no single partition takes every write. */
export const OPEN_SHARDS = 8;

/** Everything in the deliveries table expires this long after it was committed. */
export const DELIVERIES_TTL_MS = 90 * 24 * 60 * 60 * 1_000;

export function openPartition(shard: number): string {
  return `OPEN#${shard}`;
}

export function noticeKey(pageId: string, updateId: string): { pk: string; sk: string } {
  return { pk: `PAGE#${pageId}#UPDATE#${updateId}`, sk: "NOTICE" };
}

/** The keys that put a notice into the index *open*; done ones have none. */
function noticeOpenKeys(notice: Pick<Notice, "updateId" | "committedAt" | "state">): Record<string, string> {
  if (notice.state === "done") return {};
  const shard = Number.parseInt(sha256Hex(notice.updateId).slice(0, 8), 16) % OPEN_SHARDS;
  return { openPk: openPartition(shard), openSk: `${timeKey(notice.committedAt)}#${notice.updateId}` };
}

/** The notice as the deliveries table stores it. The status store puts it there in the update's own transaction. */
export function noticeItem(notice: Notice): Record<string, unknown> {
  const { subject, ...rest } = notice;
  return {
    ...noticeKey(notice.pageId, notice.updateId),
    ...noticeOpenKeys(notice),
    ...subjectAttributes(subject),
    ...rest,
    expiresAt: Math.floor((notice.committedAt + DELIVERIES_TTL_MS) / 1_000),
  };
}

/** Reads an item back; keys and index attributes are dropped. */
export function noticeOf(item: Record<string, unknown>): Notice {
  return noticeSchema.parse({ ...item, subject: subjectIn(item) });
}
