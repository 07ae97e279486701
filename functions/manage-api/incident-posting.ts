import type { Catalog } from "../core/component.ts";
import { type Incident, isScheduled } from "../core/incident.ts";
import { commitQuietly, openIncident, type PostingOutcome, postUpdate, revise } from "../core/posting.ts";
import { invalid } from "../lambda/problem.ts";
import { unknownComponents } from "./components.ts";
import {
  checkBackfilled,
  checkStatus,
  type IncidentChanges,
  type NewIncident,
  scheduleOf,
  statusesOf,
} from "./incident-input.ts";

type ReadyPosting = Extract<PostingOutcome, { outcome: "ready" }>;

/** What a request to open an incident commits. Throws 422. */
export function openingOf(
  input: NewIncident,
  ids: { pageId: string; incidentId: string; updateId: string },
  catalog: Catalog,
  now: number,
): ReadyPosting {
  const schedule = scheduleOf(input, null);
  const backfilled = input.backfilled ?? input.backfill_date !== undefined;
  if (backfilled) checkBackfilled(input);
  const status = input.status ?? firstStatus(schedule !== null, backfilled);
  checkStatus(status, schedule);
  return postingProblem(
    openIncident(
      {
        ...ids,
        name: input.name,
        status,
        body: input.body ?? "",
        components: statusesOf(input, catalog),
        impactOverride: input.impact_override ?? null,
        schedule,
        backfilled,
        metadata: input.metadata ?? {},
        deliverNotifications: input.deliver_notifications ?? true,
        displayAt: input.display_at ?? input.backfill_date ?? null,
      },
      catalog,
      now,
    ),
    input,
  );
}

function firstStatus(scheduled: boolean, backfilled: boolean): Incident["status"] {
  if (scheduled) return backfilled ? "completed" : "scheduled";
  return backfilled ? "resolved" : "investigating";
}

/** Whether a change says something: a body or a status does. */
export function postsUpdate(input: IncidentChanges): boolean {
  return input.status !== undefined || (input.body !== undefined && input.body.trim() !== "");
}

/** What a request to change an incident commits: an update, or quietly the header and components. Throws 422. */
export function changeOf(
  input: IncidentChanges,
  updateId: string,
  incident: Incident,
  catalog: Catalog,
  now: number,
): ReadyPosting {
  if (incident.backfilled) checkBackfilled(input);
  const revised = revisedBy(input, incident, catalog);
  const components = statusesOf(input, catalog);
  if (!postsUpdate(input)) return postingProblem(commitQuietly(revised, components, catalog, now), input);
  const status = input.status ?? incident.status;
  checkStatus(status, revised.schedule);
  const update = {
    updateId,
    status,
    body: input.body ?? "",
    components,
    deliverNotifications: input.deliver_notifications ?? true,
    displayAt: input.display_at ?? null,
  };
  return postingProblem(postUpdate(revised, update, catalog, now), input);
}

function revisedBy(input: IncidentChanges, incident: Incident, catalog: Catalog): Incident {
  const gives = input.scheduled_for !== undefined || input.scheduled_until !== undefined;
  if (gives && !isScheduled(incident)) {
    throw invalid("incident.scheduled_for", "cannot be given: the incident is not a scheduled maintenance");
  }
  return revise(
    incident,
    {
      name: input.name,
      impactOverride: input.impact_override,
      schedule: isScheduled(incident) ? (scheduleOf(input, incident.schedule) ?? undefined) : undefined,
      metadata: input.metadata,
    },
    catalog,
  );
}

/** Throws 422 naming the components that the page does not have. */
function postingProblem(posting: PostingOutcome, input: IncidentChanges): ReadyPosting {
  if (posting.outcome === "ready") return posting;
  const inMap = input.components === undefined ? [] : Object.keys(input.components);
  const inList = Array.isArray(input.components) ? input.components : inMap;
  const field = posting.ids.some((id) => inList.includes(id)) ? "components" : "component_ids";
  throw unknownComponents(`incident.${field}`, posting.ids);
}
