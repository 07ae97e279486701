import type { Incident, Update } from "../core/incident.ts";
import type { Page } from "../core/page.ts";
import { shownUpdates } from "../core/postmortem.ts";
import { type IncidentContext, presentIncident } from "./presentation.ts";
import { type ManageDeps, notFound } from "./route.ts";

/** Throws 404 for one that does not exist or was withdrawn. */
export async function incidentIn(deps: ManageDeps, pageId: string, incidentId: string): Promise<Incident> {
  const incident = await deps.status.getIncident(pageId, incidentId);
  if (incident === null || incident.withdrawnAt !== null) throw notFound("incident");
  return incident;
}

/** The incident with its updates, as it is answered. */
export async function showIncident(deps: ManageDeps, page: Page, incident: Incident) {
  const [shown] = await showIncidents(deps, page, [incident]);
  return shown;
}

// Reads in flight at once while a list is put together.
const READS = 20;

export async function showIncidents(deps: ManageDeps, page: Page, incidents: readonly Incident[]) {
  const catalog = await deps.status.getCatalog(page.id);
  const context: IncidentContext = { page, catalog, pageUrl: deps.pageUrl };
  const updates = await updatesOf(deps, page.id, incidents);
  return incidents.map((incident, index) =>
    presentIncident(incident, shownUpdates(incident, updates[index] ?? []), context),
  );
}

/** The updates of each incident, in the order of the incidents. */
export async function updatesOf(deps: ManageDeps, pageId: string, incidents: readonly Incident[]): Promise<Update[][]> {
  const all: Update[][] = [];
  for (let first = 0; first < incidents.length; first += READS) {
    const some = incidents.slice(first, first + READS);
    const read = await Promise.all(some.map((incident) => deps.status.listUpdates(pageId, incident.id)));
    for (const updates of read) all.push(updates);
  }
  return all;
}
