import type { Incident, Update } from "../../core/incident.ts";
import type { Page } from "../../core/page.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { windowIn } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "../call.ts";
import { costOf, showIncidents } from "./incident-view.ts";

const READ_AT_ONCE = 100;
/** Nearly all of Lambda's 6 MB; the rest is for headers. */
const LARGEST_ANSWER_BYTES = 6_000_000;

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
  return { status: 200, body: await listed(deps, page, incidents.slice(skip, skip + limit), "per_page") };
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
  return { status: 200, body: await listed(deps, page, found.slice(skip, skip + limit), "limit") };
}

/**
 * Throws 422 if they do not fit into one answer even with only their newest updates: because of their metadata, say.
 */
async function listed(deps: ManageDeps, page: Page, incidents: readonly Incident[], size: "limit" | "per_page") {
  const shown = await showIncidents(deps, page, incidents);
  if (costOf(shown) <= LARGEST_ANSWER_BYTES) return shown;
  throw invalid(size, `asks for more than one answer can hold: ask for fewer than ${incidents.length}`);
}

/** Reads in flight at once: of what they find, only whether it fits is kept. */
const READS = 8;

async function matching(deps: ManageDeps, pageId: string, incidents: readonly Incident[], wanted: string) {
  const fits = await inParallel(incidents, READS, async (incident) =>
    tells(incident, await deps.status.listUpdates(pageId, incident.id), wanted),
  );
  return incidents.filter((_, index) => fits[index]);
}

function tells(incident: Incident, updates: readonly Update[], wanted: string): boolean {
  const texts = [incident.name, incident.status, incident.postmortem?.body ?? "", ...updates.map(({ body }) => body)];
  return texts.some((text) => text.toLowerCase().includes(wanted));
}
