import { newId } from "../../core/ids.ts";
import { type IncidentCommit, withdraw } from "../../core/posting.ts";
import { fieldsUnder } from "../../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, param } from "../call.ts";
import { conflict } from "../save-with-retry.ts";
import { commitWithRetry, timeOfAttempt } from "./commit-with-retry.ts";
import { incidentChangesSchema, newIncidentSchema } from "./incident-input.ts";
import { changeOf, deletedComponents, mayPost, openingOf, warningsOf } from "./incident-posting.ts";
import { incidentIn, type KnownOfIncident, showIncident } from "./incident-view.ts";

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

  const read: KnownOfIncident = { catalog: null, updates: null };
  const committed = await commitWithRetry(deps, async () => {
    read.catalog = await deps.status.getCatalog(pageId);
    return openingOf(input, { pageId, incidentId, updateId }, read.catalog, deps.clock());
  });
  if (committed.outcome === "conflict") throw conflict();
  if (committed.outcome === "committed") {
    return { status: 201, body: await showCommitted(deps, call, committed.commit, { ...read, updates: [] }) };
  }
  // It exists because an earlier run under the same Idempotency-Key got this far.
  const incident = await deps.status.getIncident(pageId, incidentId);
  if (incident === null) throw conflict();
  return { status: 201, body: await showIncident(deps, call.page, incident) };
}

/** A text, or a status with something new, posts an update; anything else changes the header, and components, quietly. */
async function changeIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", incidentChangesSchema, call.body);
  const updateId = newId(call.idRandom);
  const incidentId = param(call, "incident");

  let deleted: string[] = [];
  const read: KnownOfIncident = { catalog: null, updates: null };
  const committed = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, incidentId);
    // Under an Idempotency-Key, an earlier run may have posted this very update.
    if (mayPost(input) && call.request.headers["idempotency-key"] !== undefined) {
      read.updates = await deps.status.listUpdates(call.page.id, incidentId);
      if (read.updates.some(({ id }) => id === updateId)) return { outcome: "posted" as const, incident };
    }
    read.catalog = await deps.status.getCatalog(call.page.id);
    deleted = deletedComponents(input, incident, read.catalog);
    return changeOf(input, updateId, incident, read.catalog, timeOfAttempt(deps, incident));
  });
  if (committed.outcome === "conflict" || committed.outcome === "exists") throw conflict();
  const shown =
    committed.outcome === "committed"
      ? await showCommitted(deps, call, committed.commit, read)
      : await showIncident(deps, call.page, committed.incident, read);
  const body = { ...shown, ...warningsOf(deleted) };
  return { status: 200, body, ...(committed.outcome === "unchanged" ? { unchanged: true } : {}) };
}

/** The incident as the commit left it, with what was read to make the commit. */
function showCommitted(deps: ManageDeps, call: ManageCall, commit: IncidentCommit, read: KnownOfIncident) {
  const { incident, update } = commit;
  const updates = read.updates === null || update === null ? read.updates : [...read.updates, update];
  return showIncident(deps, call.page, incident, { catalog: commit.catalog ?? read.catalog, updates });
}

/**
 * Deleting is withdrawing: the incident is hidden everywhere, its open deliveries end as suppressed, and its records
 * stay.
 */
async function withdrawIncident(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const committed = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
    return { outcome: "ready" as const, commit: withdraw(incident, timeOfAttempt(deps, incident)) };
  });
  if (committed.outcome !== "committed") throw conflict();
  return { status: 200, body: await showIncident(deps, call.page, committed.commit.incident) };
}
