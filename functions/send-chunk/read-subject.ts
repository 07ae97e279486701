import type { Telling } from "../core/audience.ts";
import type { ChunkRef } from "../core/chunk.ts";
import { tellingOf, toldChanges } from "../core/component-change.ts";
import { LONGEST_OPEN_MS } from "../core/retry-schedule.ts";
import type { SendDeps } from "./channel-sender.ts";

/** What a chunk or a retry tells, and what its order is among. */
export interface Subject {
  told: Telling;
  /** All else that is told of the same incident or component, as far as it can matter; oldest first. */
  others: readonly Telling[];
  /** The incident or component was deleted: whatever is open ends as suppressed. */
  withdrawn: boolean;
}

/**
 * How many of a component's changes before and after one are looked at: with it they are one BatchGetItem of chunks. An
 * incident has no more updates than that; of a component that flips all day, those further off were over or superseded long ago.
 */
const NEAREST_CHANGES = 49;

/** Throws for what is in a queue and in no table. */
export async function readSubject(
  ref: Pick<ChunkRef, "pageId" | "incidentId" | "updateId">,
  deps: Pick<SendDeps, "status" | "ledger">,
): Promise<Subject> {
  const { pageId, incidentId, updateId } = ref;
  const [incident, updates] = await Promise.all([
    deps.status.getIncident(pageId, incidentId),
    deps.status.listTellings(pageId, incidentId),
  ]);
  if (incident === null) return readChange(ref, deps);
  const told = updates.find(({ id }) => id === updateId);
  if (told === undefined) throw new Error(`update ${updateId} of incident ${incidentId} is not in the status table`);
  return {
    told,
    others: updates.filter((other) => other !== told && other.deliverNotifications),
    withdrawn: incident.withdrawnAt !== null,
  };
}

/** No incident has the id: it is a component's. */
async function readChange(
  { pageId, incidentId: componentId, updateId }: Pick<ChunkRef, "pageId" | "incidentId" | "updateId">,
  deps: Pick<SendDeps, "status" | "ledger">,
): Promise<Subject> {
  const notice = await deps.ledger.getNotice(pageId, updateId);
  if (notice?.kind !== "component change") {
    throw new Error(`${updateId} is neither an update of incident ${componentId} nor a change of a component`);
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
