import type { Catalog, ComponentStatuses } from "./component.ts";
import type { Incident, IncidentStatus } from "./incident.ts";
import { isSame } from "./is-same.ts";
import { commitQuietly, type PostingOutcome, postUpdate, type Revision, revise, type UpdateInput } from "./posting.ts";

/** What a change says. Without a status the incident keeps the one it has. An empty body is no text. */
export interface Said extends Omit<UpdateInput, "status"> {
  status: IncidentStatus | null;
}

/** `unchanged`: it is so already, and there is no text. */
export type ChangeOutcome = PostingOutcome | { outcome: "unchanged"; incident: Incident };

/**
 * Changes an incident, and decides whether that is an update. A text is one, whatever status it repeats. Without a text
 * it takes a status (Statuspage's rule) that brings something new: the status itself, the state of a component, one
 * more affected component, another time of a maintenance. Everything else changes the header and components quietly.
 * What changes nothing is not stored: scripts repeat what they know.
 */
export function changeIncident(
  incident: Incident,
  revision: Revision,
  said: Said,
  catalog: Catalog,
  now: number,
): ChangeOutcome {
  const revised = revise(incident, revision, catalog);
  if (said.body !== "" || (said.status !== null && hasNews(incident, revised, said, catalog))) {
    return postUpdate(revised, { ...said, status: said.status ?? incident.status }, catalog, now);
  }
  const quiet = commitQuietly(revised, said.components, catalog, now);
  if (quiet.outcome === "ready" && quiet.commit.change === null && isSameHeader(incident, quiet.commit.incident)) {
    return { outcome: "unchanged", incident };
  }
  return quiet;
}

function hasNews(before: Incident, revised: Incident, { status, components }: Said, catalog: Catalog): boolean {
  if (status !== before.status) return true;
  if (before.schedule?.scheduledFor !== revised.schedule?.scheduledFor) return true;
  if (before.schedule?.scheduledUntil !== revised.schedule?.scheduledUntil) return true;
  return !before.backfilled && changesComponents(before, components, catalog);
}

function changesComponents({ affected }: Incident, components: ComponentStatuses, catalog: Catalog): boolean {
  const present = new Map(catalog.components.map(({ id, status }) => [id, status]));
  return Object.entries(components).some(([id, status]) => !(id in affected) || present.get(id) !== status);
}

function isSameHeader(before: Incident, after: Incident): boolean {
  return isSame({ ...before, version: 0, updatedAt: 0 }, { ...after, version: 0, updatedAt: 0 });
}
