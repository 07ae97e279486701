import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import type { Incident } from "../../core/incident.ts";
import {
  deletePostmortem,
  draftPostmortem,
  type PostmortemOutcome,
  publishPostmortem,
  revertPostmortem,
} from "../../core/postmortem.ts";
import { fieldsIn, fieldsUnder, flag, instant, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { presentPostmortem } from "../presentation.ts";
import { prose } from "../prose-field.ts";
import { conflict } from "../save-with-retry.ts";
import { commitWithRetry, timeOfAttempt } from "./commit-with-retry.ts";
import { incidentIn } from "./incident-view.ts";

const draftSchema = z.object({
  body_draft: prose.check(z.refine((body) => body.trim() !== "", "must not be empty")),
});
/** Statuspage's own flags; those about Twitter are accepted and ignored. `display_at` is an extension. */
const publishSchema = z.object({ notify_subscribers: optional(flag), display_at: optional(instant) });

export function postmortemRoutes(deps: ManageDeps): ManageRoute[] {
  const path = "/pages/{page}/incidents/{incident}/postmortem";
  const scope = "incidents:write";
  return [
    { method: "GET", path, scope: "incidents:read", run: (call) => show(deps, call) },
    { method: "PUT", path, scope, run: (call) => draft(deps, call) },
    { method: "DELETE", path, scope, run: (call) => remove(deps, call) },
    { method: "PUT", path: `${path}/publish`, scope, run: (call) => publish(deps, call) },
    { method: "PUT", path: `${path}/revert`, scope, run: (call) => revert(deps, call) },
  ];
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  if (incident.postmortem === null) throw notFound("postmortem");
  return { status: 200, body: presentPostmortem(incident, call.page) };
}

async function draft(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { body_draft } = fieldsUnder("postmortem", draftSchema, call.body);
  return shown(call, await change(deps, call, (present, now) => draftPostmortem(present, body_draft, now)));
}

async function publish(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const wrapped = fieldsIn(z.object({ postmortem: optional(publishSchema) }), call.body, "");
  const input = wrapped.postmortem ?? { notify_subscribers: undefined, display_at: undefined };
  const updateId = newId(call.idRandom);
  const changed = await change(deps, call, (present, now) =>
    publishPostmortem(
      present,
      {
        updateId,
        notifySubscribers: input.notify_subscribers ?? true,
        displayAt: input.display_at ?? null,
      },
      now,
    ),
  );
  return shown(call, changed);
}

async function revert(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  return shown(call, await change(deps, call, revertPostmortem));
}

async function remove(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  await change(deps, call, deletePostmortem);
  return { status: 204 };
}

interface Changed {
  incident: Incident;
  unchanged?: true;
}

function shown({ page }: ManageCall, { incident, ...reply }: Changed): ManageReply {
  return { status: 200, body: presentPostmortem(incident, page), ...reply };
}

/** The incident after the step; throws refusals as 404, 409 and 422. */
async function change(
  deps: ManageDeps,
  call: ManageCall,
  step: (incident: Incident, now: number) => PostmortemOutcome,
): Promise<Changed> {
  const done = await commitWithRetry(deps, async () => {
    const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
    return step(incident, timeOfAttempt(deps, incident));
  });
  switch (done.outcome) {
    case "committed":
      return { incident: done.commit.incident };
    case "unchanged":
      return { incident: done.incident, unchanged: true };
    case "unresolved":
      throw new HttpProblem(422, "A postmortem is possible once the incident is resolved");
    case "nothing to publish":
      throw invalid("postmortem.body_draft", "is required before a postmortem can be published");
    case "none":
      throw notFound("postmortem");
    case "conflict":
    case "exists":
      throw conflict();
  }
}
