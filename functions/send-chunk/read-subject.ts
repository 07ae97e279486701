import type { Telling } from "../core/audience.ts";
import type { ChunkRef } from "../core/chunk.ts";
import { tellingOf, toldChanges } from "../core/component-change.ts";
import { LONGEST_OPEN_MS } from "../core/retry-schedule.ts";
import type { SendDeps } from "./channel-sender.ts";

/** What a chunk or a retry announces, and how its subject stands. */
export interface Standing {
  told: Telling;
  /** Everything else announced of the same subject, as far as it can matter for the order; oldest first. */
  others: readonly Telling[];
  /** The incident or component was deleted: everything open ends as suppressed. */
  withdrawn: boolean;
}

/**
 * How many of a component's changes before and after one are read: with it they are one BatchGetItem of chunks. An
 * incident has no more updates than that. Of a component that flips all day, those further off were over or superseded
 * long ago.
 */
const NEAREST_CHANGES = 49;

type Reads = Pick<SendDeps, "status" | "ledger">;

/** Throws for work whose subject is in no table. */
export function readSubject(
  { pageId, subject, updateId }: Pick<ChunkRef, "pageId" | "subject" | "updateId">,
  deps: Reads,
): Promise<Standing> {
  switch (subject.kind) {
    case "incident":
      return readUpdate(pageId, subject.id, updateId, deps);
    case "component":
      return readChange(pageId, subject.id, updateId, deps);
  }
}

async function readUpdate(pageId: string, incidentId: string, updateId: string, { status }: Reads): Promise<Standing> {
  const [incident, updates] = await Promise.all([
    status.getIncident(pageId, incidentId),
    status.listTellings(pageId, incidentId),
  ]);
  const told = updates.find(({ id }) => id === updateId);
  if (incident === null || told === undefined) {
    throw new Error(`update ${updateId} of incident ${incidentId} is not in the status table`);
  }
  return {
    told,
    others: updates.filter((other) => other !== told && other.deliverNotifications),
    withdrawn: incident.withdrawnAt !== null,
  };
}

async function readChange(pageId: string, componentId: string, changeId: string, deps: Reads): Promise<Standing> {
  const notice = await deps.ledger.getNotice(pageId, changeId);
  if (notice?.kind !== "component change") {
    throw new Error(`change ${changeId} of component ${componentId} has no notice in the deliveries table`);
  }
  const [catalog, changes] = await Promise.all([
    deps.status.getCatalog(pageId),
    deps.status.listChanges(pageId, notice.committedAt - LONGEST_OPEN_MS),
  ]);
  const told = tellingOf(notice);
  const all = toldChanges(changes, componentId);
  const earlier = all.filter(({ seq }) => seq < told.seq).slice(-NEAREST_CHANGES);
  const later = all.filter(({ seq }) => seq > told.seq).slice(0, NEAREST_CHANGES);
  return {
    told,
    others: [...earlier, ...later],
    withdrawn: !catalog.components.some(({ id }) => id === componentId),
  };
}
