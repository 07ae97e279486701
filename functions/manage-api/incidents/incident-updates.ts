import * as z from "zod/mini";
import type { Incident, Update } from "../../core/incident.ts";
import { editUpdate } from "../../core/posting.ts";
import { fieldsUnder, instant, optional } from "../../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { presentUpdate } from "../presentation.ts";
import { prose } from "../prose-field.ts";
import { saveWithRetry } from "../save-with-retry.ts";
import { timeOfAttempt } from "./commit-with-retry.ts";
import { incidentIn } from "./incident-view.ts";
import { checkHeader, checkUpdate } from "./item-bounds.ts";

const editSchema = z.object({ body: optional(prose), display_at: optional(instant) });

export function incidentUpdateRoutes(deps: ManageDeps): ManageRoute[] {
  const edit = (call: ManageCall) => editText(deps, call);
  const one = "/pages/{page}/incidents/{incident}/incident_updates/{update}";
  return [
    { method: "PATCH", path: one, scope: "incidents:write", run: edit },
    { method: "PUT", path: one, scope: "incidents:write", run: edit },
  ];
}

/** Corrects what an update said or when; notifies nobody, and changes nothing else of a past update. */
async function editText(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident_update", editSchema, call.body);
  const edited = await saveWithRetry(deps, async () => {
    const { incident, update } = await updateIn(deps, call);
    const isSame =
      (input.body ?? update.body) === update.body && (input.display_at ?? update.displayAt) === update.displayAt;
    if (isSame) return { saved: { outcome: "committed" as const }, result: { update, unchanged: true } };
    const now = timeOfAttempt(deps, incident);
    const next = editUpdate(incident, update, { body: input.body, displayAt: input.display_at }, now);
    checkHeader(next.incident);
    checkUpdate(next.update);
    const saved = await deps.status.editUpdate(next.update, next.incident, incident.version);
    return { saved, result: { update: next.update, unchanged: false } };
  });
  return {
    status: 200,
    body: presentUpdate(edited.update, call.page),
    ...(edited.unchanged ? { unchanged: true } : {}),
  };
}

async function updateIn(deps: ManageDeps, call: ManageCall): Promise<{ incident: Incident; update: Update }> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const updates = await deps.status.listUpdates(call.page.id, incident.id);
  const update = updates.find(({ id }) => id === param(call, "update"));
  if (update === undefined) throw notFound("update");
  return { incident, update };
}
