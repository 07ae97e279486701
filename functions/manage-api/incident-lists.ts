import type { Incident, Update } from "../core/incident.ts";
import { windowIn } from "../lambda/input.ts";
import { showIncidents, updatesOf } from "./incident-view.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "./route.ts";

const READ_AT_ONCE = 100;

export function incidentListRoutes(deps: ManageDeps): ManageRoute[] {
  const unfinished = (name: string, belongs: (incident: Incident) => boolean): ManageRoute => ({
    method: "GET",
    path: `/pages/{page}/incidents/${name}`,
    scope: "incidents:read",
    run: (call) => listUnfinished(deps, call, belongs),
  });
  return [
    // The router takes the first dynamic route that fits: these names come before /incidents/{incident}.
    unfinished("unresolved", ({ schedule }) => schedule === null),
    unfinished("scheduled", ({ schedule }) => schedule !== null),
    unfinished("upcoming", ({ status }) => status === "scheduled"),
    unfinished("active_maintenance", ({ status }) => status === "in_progress" || status === "verifying"),
    { method: "GET", path: "/pages/{page}/incidents", scope: "incidents:read", run: (call) => listAll(deps, call) },
  ];
}

/** Newest first. */
async function listUnfinished(
  deps: ManageDeps,
  { page, request }: ManageCall,
  belongs: (incident: Incident) => boolean,
): Promise<ManageReply> {
  const { skip, limit } = windowIn(request.query, "per_page", 1);
  const incidents = (await deps.status.listUnresolved(page.id)).filter(belongs);
  return { status: 200, body: await showIncidents(deps, page, incidents.slice(skip, skip + limit)) };
}

/** All incidents, newest first; `q` searches name, status, postmortem and updates. */
async function listAll(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const { skip, limit } = windowIn(request.query, "limit", 1);
  const wanted = request.query.get("q")?.trim().toLowerCase() ?? "";
  const found: Incident[] = [];
  let cursor: string | null = null;
  do {
    const read: { items: Incident[]; next: string | null } = await deps.status.listIncidents(
      page.id,
      READ_AT_ONCE,
      cursor,
    );
    const fitting = wanted === "" ? read.items : await matching(deps, page.id, read.items, wanted);
    for (const incident of fitting) found.push(incident);
    cursor = read.next;
  } while (cursor !== null && found.length < skip + limit);
  return { status: 200, body: await showIncidents(deps, page, found.slice(skip, skip + limit)) };
}

async function matching(deps: ManageDeps, pageId: string, incidents: readonly Incident[], wanted: string) {
  const updates = await updatesOf(deps, pageId, incidents);
  return incidents.filter((incident, index) => tells(incident, updates[index] ?? [], wanted));
}

function tells(incident: Incident, updates: readonly Update[], wanted: string): boolean {
  const texts = [incident.name, incident.status, incident.postmortem?.body ?? "", ...updates.map(({ body }) => body)];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}
