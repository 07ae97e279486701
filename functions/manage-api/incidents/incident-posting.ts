import { isDeleted } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import { type Incident, isScheduled } from "../../core/incident.ts";
import { type ChangeOutcome, changeIncident } from "../../core/incident-change.ts";
import { showsSomething } from "../../core/invisible.ts";
import { openIncident, type PostingOutcome, type Revision } from "../../core/posting.ts";
import { invalid } from "../../lambda/problem.ts";
import { markdownToText } from "../../templates/markdown-text.ts";
import { unknownComponents } from "../components/components.ts";
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
        body: textOf(input),
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

/** Whether a change may post an update: one with a text or a status does, if it has anything new. */
export function mayPost(input: IncidentChanges): boolean {
  return input.status !== undefined || textOf(input) !== "";
}

/** The body, or none if a reader would see nothing of it. */
function textOf({ body = "" }: IncidentChanges): string {
  // Most bodies have a letter or a digit outside character references; only the others need to be rendered.
  if (/[\p{L}\p{N}]/u.test(body.replace(/&[#\w]{1,32};|[\p{Default_Ignorable_Code_Point}]/gu, ""))) return body;
  return showsSomething(markdownToText(body, "en")) ? body : "";
}

/**
 * The components that a change of this incident names and that were deleted meanwhile. They are left out: what the
 * change says about the others matters more, above all that it is over. If an id never existed, nothing is accepted.
 */
export function deletedComponents(input: IncidentChanges, incident: Incident, catalog: Catalog): string[] {
  const present = new Set(catalog.components.map(({ id }) => id));
  const named = Object.keys(statusesOf(input, catalog));
  return named.filter((id) => !present.has(id) && (id in incident.affected || isDeleted(id, catalog)));
}

/** What the answer says about them. */
export function warningsOf(deleted: readonly string[]): { warnings?: string[] } {
  if (deleted.length === 0) return {};
  return { warnings: [`Left out, for they are deleted: the components ${deleted.join(", ")}`] };
}

type ReadyChange = Exclude<ChangeOutcome, { outcome: "unknown components" }>;

/**
 * What a request to change an incident commits: an update, or quietly the header and components, or nothing. Throws
 * 422.
 */
export function changeOf(
  input: IncidentChanges,
  updateId: string,
  incident: Incident,
  catalog: Catalog,
  now: number,
): ReadyChange {
  if (incident.backfilled) checkBackfilled(input);
  const revision = revisionOf(input, incident);
  const deleted = new Set(deletedComponents(input, incident, catalog));
  const statuses = Object.entries(statusesOf(input, catalog));
  const said = {
    updateId,
    status: input.status ?? null,
    body: textOf(input),
    components: Object.fromEntries(statuses.filter(([id]) => !deleted.has(id))),
    deliverNotifications: input.deliver_notifications ?? true,
    displayAt: input.display_at ?? null,
  };
  if (mayPost(input)) checkStatus(said.status ?? incident.status, revision.schedule ?? incident.schedule);
  const outcome = changeIncident(incident, revision, said, catalog, now);
  return outcome.outcome === "unchanged" ? outcome : postingProblem(outcome, input);
}

function revisionOf(input: IncidentChanges, incident: Incident): Revision {
  const gives = input.scheduled_for !== undefined || input.scheduled_until !== undefined;
  if (gives && !isScheduled(incident)) {
    throw invalid("incident.scheduled_for", "cannot be given: the incident is not a scheduled maintenance");
  }
  return {
    name: input.name,
    impactOverride: input.impact_override,
    schedule: isScheduled(incident) ? (scheduleOf(input, incident.schedule) ?? undefined) : undefined,
    metadata: input.metadata,
  };
}

/** Throws a 422 that names the components that the page does not have. */
function postingProblem(posting: PostingOutcome, input: IncidentChanges): ReadyPosting {
  if (posting.outcome === "ready") return posting;
  const inMap = input.components === undefined ? [] : Object.keys(input.components);
  const inList = Array.isArray(input.components) ? input.components : inMap;
  const field = posting.ids.some((id) => inList.includes(id)) ? "components" : "component_ids";
  throw unknownComponents(`incident.${field}`, posting.ids);
}
