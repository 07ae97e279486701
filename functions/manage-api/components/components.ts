import * as z from "zod/mini";
import { moved, withComponent } from "../../core/catalog-order.ts";
import { type Catalog, type Component, catalogRows } from "../../core/component.ts";
import { changeStatus } from "../../core/component-change.ts";
import { newId } from "../../core/ids.ts";
import {
  clearable,
  componentStatus,
  count,
  fieldsUnder,
  flag,
  isCalendarDate,
  line,
  optional,
  text,
  windowIn,
} from "../../lambda/input.ts";
import { type HttpProblem, invalid } from "../../lambda/problem.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, param } from "../call.ts";
import { presentComponent, presentGroupRow } from "../presentation.ts";
import { type CatalogEdit, componentIn, editCatalog } from "./catalog-edit.ts";
import { removeComponent } from "./component-deletion.ts";

const NAME_LIMIT = 255;
export const DESCRIPTION_LIMIT = 2_000;

const changesSchema = z.object({
  name: optional(line(NAME_LIMIT)),
  description: clearable(text(DESCRIPTION_LIMIT)),
  // Statuspage's description lists an empty status too: it leaves the present one.
  status: optional(componentStatus),
  group_id: clearable(z.string("must be an id")),
  showcase: optional(flag),
  only_show_if_degraded: optional(flag),
  start_date: clearable(z.string("must be text").check(z.refine(isCalendarDate, "must be a date such as 2025-07-07"))),
  position: optional(count),
});
type Changes = z.infer<typeof changesSchema>;

const newSchema = z.extend(changesSchema, { name: line(NAME_LIMIT) });

export function componentRoutes(deps: ManageDeps): ManageRoute[] {
  const change = (call: ManageCall) => changeComponent(deps, call);
  const one = "/pages/{page}/components/{component}";
  return [
    {
      method: "POST",
      path: "/pages/{page}/components",
      scope: "components:write",
      once: true,
      run: (call) => addComponent(deps, call),
    },
    { method: "GET", path: "/pages/{page}/components", scope: "components:read", run: (call) => list(deps, call) },
    { method: "GET", path: one, scope: "components:read", run: (call) => show(deps, call) },
    { method: "PATCH", path: one, scope: "components:write", run: change },
    { method: "PUT", path: one, scope: "components:write", run: change },
    { method: "DELETE", path: one, scope: "components:write", run: (call) => removeComponent(deps, call) },
  ];
}

/** Groups are rows among the components, as in Statuspage's own list. */
async function list(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const { skip, limit } = windowIn(request.query, "per_page", 1);
  const catalog = await deps.status.getCatalog(page.id);
  const rows = catalogRows(catalog).flatMap((row) => {
    if (row.kind === "component") return [presentComponent(row.component, page)];
    return [
      presentGroupRow(row.group, catalog, page),
      ...row.components.map((component) => presentComponent(component, page)),
    ];
  });
  return { status: 200, body: rows.slice(skip, skip + limit) };
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const catalog = await deps.status.getCatalog(call.page.id);
  const group = catalog.groups.find(({ id }) => id === param(call, "component"));
  if (group !== undefined) return { status: 200, body: presentGroupRow(group, catalog, call.page) };
  return { status: 200, body: presentComponent(componentIn(catalog, param(call, "component")), call.page) };
}

async function addComponent(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("component", newSchema, call.body);
  const id = newId(call.idRandom);
  const noticeId = newId(deps.random);
  const { catalog } = await editCatalog(deps, call.page.id, (present, now) => {
    if (present.components.some((component) => component.id === id)) return { catalog: present, change: null };
    const fresh: Component = {
      id,
      name: input.name,
      description: null,
      status: "operational",
      position: 0,
      groupId: groupOf(present, input.group_id ?? null),
      showcase: true,
      onlyShowIfDegraded: false,
      startDate: null,
      createdAt: now,
      updatedAt: now,
    };
    const fuller = withComponent(present, fresh, input.position);
    return withChanges(fuller, componentIn(fuller, id), input, { pageId: call.page.id, noticeId }, now);
  });
  return { status: 201, body: presentComponent(componentIn(catalog, id), call.page) };
}

async function changeComponent(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const changes = fieldsUnder("component", changesSchema, call.body);
  const id = param(call, "component");
  const ids = { pageId: call.page.id, noticeId: newId(deps.random) };
  const { catalog, ...reply } = await editCatalog(deps, call.page.id, (present, now) =>
    withChanges(present, componentIn(present, id), changes, ids, now),
  );
  return { status: 200, body: presentComponent(componentIn(catalog, id), call.page), ...reply };
}

/**
 * The catalog with one component changed. A change of its status is kept for uptime, and announced under `noticeId`. It
 * is never dated before the component's last change, whichever machine's clock dated that.
 */
function withChanges(
  catalog: Catalog,
  component: Component,
  changes: Changes,
  ids: { pageId: string; noticeId: string },
  now: number,
): CatalogEdit {
  const at = Math.max(now, component.updatedAt);
  const { id } = component;
  const groupId = changes.group_id === undefined ? component.groupId : groupOf(catalog, changes.group_id);
  const placed = moved(catalog, id, groupId, changes.position);
  const components = placed.components.map((each) => (each.id === id ? described(each, changes, at) : each));
  const status = changes.status === undefined || changes.status === "" ? component.status : changes.status;
  return changeStatus({ ...placed, components }, { ...ids, componentId: id, status }, at);
}

function described(component: Component, changes: Changes, at: number): Component {
  return {
    ...component,
    name: changes.name ?? component.name,
    description: changes.description === undefined ? component.description : changes.description,
    showcase: changes.showcase ?? component.showcase,
    onlyShowIfDegraded: changes.only_show_if_degraded ?? component.onlyShowIfDegraded,
    startDate: changes.start_date === undefined ? component.startDate : changes.start_date,
    updatedAt: at,
  };
}

/** Statuspage takes the text "null" for "in no group" too. */
function groupOf(catalog: Catalog, groupId: string | null): string | null {
  if (groupId === null || groupId === "null") return null;
  if (catalog.groups.some((group) => group.id === groupId)) return groupId;
  throw invalid("component.group_id", "is not a component group of this page");
}

/** Names the ids that the page has no component for. */
export function unknownComponents(field: string, ids: readonly string[]): HttpProblem {
  return invalid(field, `names components that this page does not have: ${ids.slice(0, 20).join(", ")}`);
}
