import { newId } from "../../core/ids.ts";
import type { Incident } from "../../core/incident.ts";
import { withdraw } from "../../core/posting.ts";
import { fieldsUnder } from "../../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, param } from "../call.ts";
import { conflict } from "../save-with-retry.ts";
import { commitWithRetry, timeOfAttempt } from "./commit-with-retry.ts";
import { incidentChangesSchema, newIncidentSchema } from "./incident-input.ts";
import { changeOf, deletedComponents, mayPost, openingOf, warningsOf } from "./incident-posting.ts";
import { incidentIn, showIncident } from "./incident-view.ts";

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
  const pageId = call.page.id;
  const incidentId = newId(call.idRandom);
  const updateId = newId(call.idRandom);

  const committed = await commitWithRetry(deps, async () => {
    const catalog = await deps.status.getCatalog(pageId);
    return openingOf(input, { pageId, incidentId, updateId }, catalog, deps.clock());
  });
  if (committed.outcome === "conflict") throw conflict();
  // It exists: an earlier run under the same Idempotency-Key got this far.
  const incident =
    committed.outcome === "committed" ? committed.commit.incident : await deps.status.getIncident(pageId, incidentId);
  if (incident === null) throw conflict();
  return { status: 201, body: await showIncident(deps, call.page, incident) };
}

/** A text, or a status with something new, posts an update; anything else changes the header, and components, quietly. */
async function changeIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", incidentChangesSchema, call.body);
  const updateId = newId(call.idRandom);
  const incidentId = param(call, "incident");

  let deleted: string[] = [];
  const committed = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, incidentId);
    if (mayPost(input) && (await isPosted(deps, call, incident, updateId))) {
      return { outcome: "posted" as const, incident };
    }
    const catalog = await deps.status.getCatalog(call.page.id);
    deleted = deletedComponents(input, incident, catalog);
    return changeOf(input, updateId, incident, catalog, timeOfAttempt(deps, incident));
  });
  if (committed.outcome === "conflict" || committed.outcome === "exists") throw conflict();
  const incident = committed.outcome === "committed" ? committed.commit.incident : committed.incident;
  const body = { ...(await showIncident(deps, call.page, incident)), ...warningsOf(deleted) };
  return { status: 200, body, ...(committed.outcome === "unchanged" ? { unchanged: true } : {}) };
}

/** Whether an earlier run under the same Idempotency-Key has posted this very update. */
async function isPosted(deps: ManageDeps, call: ManageCall, incident: Incident, updateId: string): Promise<boolean> {
  if (call.request.headers["idempotency-key"] === undefined) return false;
  const updates = await deps.status.listUpdates(call.page.id, incident.id);
  return updates.some((update) => update.id === updateId);
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
