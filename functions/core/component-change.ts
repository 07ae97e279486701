import type { Telling } from "./audience.ts";
import { applyStatuses, type Catalog, type ComponentChange, type ComponentStatus } from "./component.ts";
import type { ChangeNotice } from "./notice.ts";

/**
 * Sets one component's status without an incident. The change is null if the status was so already: then there is
 * nothing to keep or to send. `noticeId` names the change in its notice.
 */
export function changeStatus(
  catalog: Catalog,
  input: { pageId: string; componentId: string; status: ComponentStatus; noticeId: string },
  now: number,
): { catalog: Catalog; change: ComponentChange | null } {
  const { pageId, componentId, status, noticeId } = input;
  const applied = applyStatuses(catalog, { [componentId]: status }, now);
  if (applied.changed.length === 0) return { catalog: applied.catalog, change: null };
  // The version that the catalog will have. It rises with every change of any component.
  const notice = { id: noticeId, seq: catalog.version + 1 };
  return {
    catalog: applied.catalog,
    change: { pageId, at: now, incidentId: null, changes: applied.changed, notice },
  };
}

/** What goes into the outbox with the change; null for one that belongs to an incident, whose update says it. */
export function noticeOfChange({ pageId, at, changes, notice }: ComponentChange): ChangeNotice | null {
  const [change] = changes;
  if (notice === undefined || change === undefined) return null;
  return {
    kind: "component change",
    pageId,
    subject: { kind: "component", id: change.id },
    updateId: notice.id,
    seq: notice.seq,
    state: "unplanned",
    committedAt: at,
    plannedAt: null,
    plan: null,
    change,
  };
}

/** The changes of one component that its webhooks are sent, oldest first. */
export function toldChanges(changes: readonly ComponentChange[], componentId: string): Telling[] {
  return changes
    .flatMap((change): Telling[] => {
      const notice = noticeOfChange(change);
      return notice?.subject.id === componentId ? [tellingOf(notice)] : [];
    })
    .sort((a, b) => a.seq - b.seq);
}

export function tellingOf({ updateId, seq, committedAt, change }: ChangeNotice): Telling {
  return { kind: "component change", componentId: change.id, id: updateId, seq, createdAt: committedAt };
}
