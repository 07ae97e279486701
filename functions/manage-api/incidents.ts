import type { Catalog } from "../core/component.ts";
import { newId } from "../core/ids.ts";
import { type Incident, isScheduled } from "../core/incident.ts";
import { commitQuietly, openIncident, type PostingOutcome, postUpdate, revise, withdraw } from "../core/posting.ts";
import { invalid } from "../lambda/problem.ts";
import { commitWithRetry, timeOfAttempt } from "./commit-with-retry.ts";
import { unknownComponents } from "./components.ts";
import {
  checkBackfilled,
  checkStatus,
  type IncidentChanges,
  incidentChangesSchema,
  newIncidentSchema,
  scheduleOf,
  statusesOf,
} from "./incident-input.ts";
import { incidentIn, showIncident } from "./incident-view.ts";
import { fieldsUnder } from "./input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, param } from "./route.ts";
import { conflict } from "./save-with-retry.ts";

export function incidentRoutes(deps: ManageDeps): ManageRoute[] {
  const change = (call: ManageCall) => changeIncident(deps, call);
  const one = "/pages/{page}/incidents/{incident}";
  return [
    {
      method: "POST",
      path: "/pages/{page}/incidents",
      scope: "incidents:write",
      once: true,
      run: (call) => createIncident(deps, call),
    },
    { method: "GET", path: one, scope: "incidents:read", run: (call) => show(deps, call) },
    { method: "PATCH", path: one, scope: "incidents:write", once: true, run: change },
    { method: "PUT", path: one, scope: "incidents:write", once: true, run: change },
    { method: "DELETE", path: one, scope: "incidents:write", run: (call) => withdrawIncident(deps, call) },
  ];
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  return { status: 200, body: await showIncident(deps, call.page, incident) };
}

async function createIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", newIncidentSchema, call.body);
  const schedule = scheduleOf(input, null);
  const backfilled = input.backfilled ?? input.backfill_date !== undefined;
  if (backfilled) checkBackfilled(input);
  const status = input.status ?? firstStatus(schedule !== null, backfilled);
  checkStatus(status, schedule);
  const incidentId = newId(call.idRandom);
  const updateId = newId(call.idRandom);

  const committed = await commitWithRetry(deps, async () => {
    const catalog = await deps.status.getCatalog(call.page.id);
    return postingProblem(
      openIncident(
        {
          pageId: call.page.id,
          incidentId,
          updateId,
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
        deps.clock(),
      ),
      input,
    );
  });
  if (committed.outcome === "conflict") throw conflict();
  // It exists: an earlier run under the same Idempotency-Key got this far.
  const incident =
    committed.outcome === "committed"
      ? committed.commit.incident
      : await deps.status.getIncident(call.page.id, incidentId);
  if (incident === null) throw conflict();
  return { status: 201, body: await showIncident(deps, call.page, incident) };
}

function firstStatus(scheduled: boolean, backfilled: boolean): Incident["status"] {
  if (scheduled) return backfilled ? "completed" : "scheduled";
  return backfilled ? "resolved" : "investigating";
}

/** A body or a status posts an update; anything else changes the header, and components, quietly. */
async function changeIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", incidentChangesSchema, call.body);
  const updateId = newId(call.idRandom);
  const incidentId = param(call, "incident");
  const posts = input.status !== undefined || (input.body !== undefined && input.body.trim() !== "");

  const committed = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, incidentId);
    if (posts && (await isPosted(deps, call, incident, updateId))) return { outcome: "posted" as const, incident };
    const catalog = await deps.status.getCatalog(call.page.id);
    if (incident.backfilled) checkBackfilled(input);
    const revised = revisedBy(input, incident, catalog);
    const components = statusesOf(input, catalog);
    const now = timeOfAttempt(deps, incident);
    if (!posts) return postingProblem(commitQuietly(revised, components, catalog, now), input);
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
  });
  if (committed.outcome === "conflict" || committed.outcome === "exists") throw conflict();
  const incident = committed.outcome === "posted" ? committed.incident : committed.commit.incident;
  return { status: 200, body: await showIncident(deps, call.page, incident) };
}

/** Whether an earlier run under the same Idempotency-Key has posted this very update. */
async function isPosted(deps: ManageDeps, call: ManageCall, incident: Incident, updateId: string): Promise<boolean> {
  if (call.request.headers["idempotency-key"] === undefined) return false;
  const updates = await deps.status.listUpdates(call.page.id, incident.id);
  return updates.some((update) => update.id === updateId);
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

/** Deleting is withdrawing: hidden everywhere, what is still open ends as suppressed, the records stay. */
async function withdrawIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const committed = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
    return { outcome: "ready" as const, commit: withdraw(incident, timeOfAttempt(deps, incident)) };
  });
  if (committed.outcome !== "committed") throw conflict();
  return { status: 200, body: await showIncident(deps, call.page, committed.commit.incident) };
}

/** Throws 422 naming the components that the page does not have. */
function postingProblem(
  posting: PostingOutcome,
  input: IncidentChanges,
): Extract<PostingOutcome, { outcome: "ready" }> {
  if (posting.outcome === "ready") return posting;
  const inMap = input.components === undefined ? [] : Object.keys(input.components);
  const inList = Array.isArray(input.components) ? input.components : inMap;
  const field = posting.ids.some((id) => inList.includes(id)) ? "components" : "component_ids";
  throw unknownComponents(`incident.${field}`, posting.ids);
}
