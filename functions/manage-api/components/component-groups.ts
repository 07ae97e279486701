import * as z from "zod/mini";
import { regrouped, withGroup, withoutGroup } from "../../core/catalog-order.ts";
import { withDeleted } from "../../core/chosen.ts";
import type { Catalog, ComponentGroup } from "../../core/component.ts";
import { newId } from "../../core/ids.ts";
import { clearable, fieldsIn, fieldsUnder, idList, line, optional, text, windowIn } from "../../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { presentGroup } from "../presentation.ts";
import { editCatalog } from "./catalog-edit.ts";
import { DESCRIPTION_LIMIT, unknownComponents } from "./components.ts";

const NAME_LIMIT = 255;

const children = idList.check(z.minLength(1, "must name at least one component"));
const description = clearable(text(DESCRIPTION_LIMIT));
const newSchema = z.object({ name: line(NAME_LIMIT), components: children, description });
const changesSchema = z.object({ name: optional(line(NAME_LIMIT)), components: optional(children), description });
/** Statuspage has the description beside the group, not in it; both places are taken. */
const besideSchema = z.object({ description });

export function componentGroupRoutes(deps: ManageDeps): ManageRoute[] {
  const change = (call: ManageCall) => changeGroup(deps, call);
  const all = "/pages/{page}/component-groups";
  const one = `${all}/{group}`;
  return [
    { method: "POST", path: all, scope: "components:write", once: true, run: (call) => addGroup(deps, call) },
    { method: "GET", path: all, scope: "components:read", run: (call) => list(deps, call) },
    { method: "GET", path: one, scope: "components:read", run: (call) => show(deps, call) },
    { method: "PATCH", path: one, scope: "components:write", run: change },
    { method: "PUT", path: one, scope: "components:write", run: change },
    { method: "DELETE", path: one, scope: "components:write", run: (call) => removeGroup(deps, call) },
  ];
}

async function list(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const { skip, limit } = windowIn(request.query, "per_page", 1);
  const catalog = await deps.status.getCatalog(page.id);
  const groups = catalog.groups.toSorted((a, b) => a.position - b.position || a.createdAt - b.createdAt);
  return {
    status: 200,
    body: groups.slice(skip, skip + limit).map((group) => presentGroup(group, catalog, page)),
  };
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const catalog = await deps.status.getCatalog(call.page.id);
  return { status: 200, body: presentGroup(groupIn(catalog, param(call, "group")), catalog, call.page) };
}

async function addGroup(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("component_group", newSchema, call.body);
  const beside = fieldsIn(besideSchema, call.body, "");
  const id = newId(call.idRandom);
  const { catalog } = await editCatalog(deps, call.page.id, (present, now) => {
    if (present.groups.some((group) => group.id === id)) return { catalog: present, change: null };
    checkKnown(present, input.components);
    const group: ComponentGroup = {
      id,
      name: input.name,
      description: input.description ?? beside.description ?? null,
      position: 0,
      createdAt: now,
      updatedAt: now,
    };
    return { catalog: regrouped(withGroup(present, group), id, input.components, now), change: null };
  });
  return { status: 201, body: presentGroup(groupIn(catalog, id), catalog, call.page) };
}

async function changeGroup(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("component_group", changesSchema, call.body);
  const beside = fieldsIn(besideSchema, call.body, "");
  const id = param(call, "group");
  const { catalog, ...reply } = await editCatalog(deps, call.page.id, (present, now) => {
    const group = groupIn(present, id);
    const described = input.description === undefined ? beside.description : input.description;
    const changed: ComponentGroup = {
      ...group,
      name: input.name ?? group.name,
      description: described === undefined ? group.description : described,
      updatedAt: now,
    };
    const renamed = { ...present, groups: present.groups.map((each) => (each.id === id ? changed : each)) };
    if (input.components === undefined) return { catalog: renamed, change: null };
    checkKnown(present, input.components);
    return { catalog: regrouped(renamed, id, input.components, now), change: null };
  });
  return { status: 200, body: presentGroup(groupIn(catalog, id), catalog, call.page), ...reply };
}

/** The components stay, in no group. */
async function removeGroup(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const id = param(call, "group");
  let removed: ReturnType<typeof presentGroup> | undefined;
  await editCatalog(deps, call.page.id, (present, now) => {
    const group = groupIn(present, id);
    removed = presentGroup(group, present, call.page);
    return { catalog: withDeleted(withoutGroup(present, group, now), id, now), change: null };
  });
  return { status: 200, body: removed };
}

/** Throws 422 for unknown ids. */
function checkKnown(catalog: Catalog, ids: readonly string[]): void {
  const known = new Set(catalog.components.map((component) => component.id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw unknownComponents("component_group.components", unknown);
}

function groupIn(catalog: Catalog, id: string): ComponentGroup {
  const group = catalog.groups.find((each) => each.id === id);
  if (group === undefined) throw notFound("component group");
  return group;
}
