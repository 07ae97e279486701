import type { Catalog } from "../../core/component.ts";
import type { Incident, Update } from "../../core/incident.ts";
import type { Page } from "../../core/page.ts";
import { shownUpdates } from "../../core/postmortem.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { type ManageDeps, notFound } from "../call.ts";
import { type IncidentContext, presentIncident } from "../presentation.ts";

/** Throws 404 for an incident that does not exist or was withdrawn. */
export async function incidentIn(deps: ManageDeps, pageId: string, incidentId: string): Promise<Incident> {
  const incident = await deps.status.getIncident(pageId, incidentId);
  if (incident === null || incident.withdrawnAt !== null) throw notFound("incident");
  return incident;
}

/** The parts of an answer that are known already, as after a commit, and so need no read; null: to be read. */
export interface KnownOfIncident {
  catalog: Catalog | null;
  updates: readonly Update[] | null;
}

/** The incident with its updates, as the answer shows it. */
export async function showIncident(
  deps: ManageDeps,
  page: Page,
  incident: Incident,
  known: KnownOfIncident = { catalog: null, updates: null },
) {
  const [catalog, updates] = await Promise.all([
    known.catalog ?? deps.status.getCatalog(page.id),
    known.updates ?? deps.status.listUpdates(page.id, incident.id),
  ]);
  const context = { page, catalog, pageUrl: deps.pageUrl };
  const whole = presentIncident(incident, shownUpdates(incident, updates), context);
  return costOf(whole) > ANSWER_BYTES ? shortened(whole, ANSWER_BYTES) : whole;
}

/**
 * Bytes of one answer's incidents. Lambda answers 6 MB (developer guide, "Lambda quotas"). There the body is a text
 * within JSON, in which every quotation mark takes two bytes. The rest is for what is no update.
 */
const ANSWER_BYTES = 4_000_000;
/** Reads in flight at once while a list is made: the updates of one incident may be 20 MB. */
const READS = 8;

/**
 * Shows each incident with as many of its newest updates as there is room for, one at least. If not all have room, each
 * has the same share of it. `incident_updates_left_out` says how many are missing; the page's `incidents/ID.json` has
 * them all.
 */
export async function showIncidents(deps: ManageDeps, page: Page, incidents: readonly Incident[]) {
  const catalog = await deps.status.getCatalog(page.id);
  const context: IncidentContext = { page, catalog, pageUrl: deps.pageUrl };
  const share = ANSWER_BYTES / incidents.length;
  let total = 0;
  const shown = await inParallel<Incident, ShownIncident>(incidents, READS, async (incident) => {
    const updates = await deps.status.listUpdates(page.id, incident.id);
    const whole = presentIncident(incident, shownUpdates(incident, updates), context);
    total += costOf(whole);
    // It is too much already: memory must not hold what is left out in the end.
    return total > ANSWER_BYTES ? shortened(whole, share) : whole;
  });
  return total > ANSWER_BYTES ? shown.map((one) => shortened(one, share)) : shown;
}

type ShownIncident = ReturnType<typeof presentIncident> & { incident_updates_left_out?: number };

function shortened(whole: ShownIncident, share: number): ShownIncident {
  if (costOf(whole) <= share) return whole;
  const { incident_updates: updates, incident_updates_left_out: before = 0 } = whole;
  const costs = updates.map(costOf);
  let room = costs.reduce((sum, cost) => sum + cost, share - costOf(whole));
  const kept = updates.filter((_, index) => {
    room -= costs[index] ?? 0;
    return index === 0 || room >= 0;
  });
  const leftOut = before + updates.length - kept.length;
  return leftOut === 0 ? whole : { ...whole, incident_updates: kept, incident_updates_left_out: leftOut };
}

/** How many bytes of Lambda's answer it takes. */
export function costOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
}
