import { type Catalog, type Component, type ComponentGroup, catalogRows } from "./component.ts";

/**
 * Where components and groups stand. A container is the page itself (its groups, and the components in none) or one
 * group. Within a container one row holds each position. A given position is kept as it was given. The row that held it
 * makes room, towards the place that the moved one left, so that no other row moves further than needed. Positions may
 * have gaps: scripts give 10, 20, 30, in any order.
 */

/** The catalog with `component` added, last in its container or at `position`. */
export function withComponent(catalog: Catalog, component: Component, position: number | undefined): Catalog {
  const fuller = { ...catalog, components: [...catalog.components, { ...component, position: NOWHERE }] };
  return entering(fuller, component, position);
}

/** A component moved into another container, last or at `position`; or, within its own, to `position`. */
export function moved(catalog: Catalog, id: string, groupId: string | null, position: number | undefined): Catalog {
  const component = catalog.components.find((each) => each.id === id);
  if (component === undefined) return catalog;
  if (component.groupId !== groupId) {
    const there = { ...component, groupId, position: NOWHERE };
    const components = catalog.components.map((each) => (each.id === id ? there : each));
    return entering({ ...catalog, components }, there, position);
  }
  if (position === undefined || position === component.position) return catalog;
  return inPlace(catalog, taking(positionsIn(catalog, groupId), id, position));
}

/** The catalog with one more group, after everything else on the page. */
export function withGroup(catalog: Catalog, group: ComponentGroup): Catalog {
  const position = lastIn(positionsIn(catalog, null)) + 1;
  return { ...catalog, groups: [...catalog.groups, { ...group, position }] };
}

/**
 * Makes a list of components the group's content, in the order of the list. A component in a group no longer stands
 * last on the page.
 */
export function regrouped(catalog: Catalog, groupId: string, ids: readonly string[], now: number): Catalog {
  const wanted = new Set(ids);
  const before = childrenIn(catalog, groupId);
  const isAsItWas = before.length === ids.length && before.every(({ id }, index) => id === ids[index]);
  if (isAsItWas) return catalog;
  const components = catalog.components.map((component) =>
    wanted.has(component.id) && component.groupId !== groupId ? { ...component, groupId, updatedAt: now } : component,
  );
  const listed = inPlace({ ...catalog, components }, new Map(ids.map((id, index) => [id, index + 1])));
  const leaving = before.filter(({ id }) => !wanted.has(id));
  return leaving.reduce((present, { id }) => changedAt(moved(present, id, null, undefined), id, now), listed);
}

/** The catalog without a group. Its components take the group's place. */
export function withoutGroup(catalog: Catalog, group: ComponentGroup, now: number): Catalog {
  const children = childrenIn(catalog, group.id);
  const rest = { ...catalog, groups: catalog.groups.filter(({ id }) => id !== group.id) };
  return children.reduce(
    (present, { id }, index) => changedAt(moved(present, id, null, group.position + index), id, now),
    rest,
  );
}

/** A catalog stored by an older version may hold a position twice. Each row then stands where readers saw it. */
export function withSinglePositions(catalog: Catalog): Catalog {
  const rows = catalogRows(catalog);
  const onPage = rows.map((row) => (row.kind === "group" ? row.group : row.component));
  const inGroups = rows.map((row) => (row.kind === "group" ? row.components : []));
  const positions = new Map<string, number>();
  for (const container of [onPage, ...inGroups]) {
    let last = -1;
    for (const { id, position } of container) {
      last = Math.max(position, last + 1);
      positions.set(id, last);
    }
  }
  return inPlace(catalog, positions);
}

/** The position of what is about to enter a container: below all positions there are. */
const NOWHERE = -1;

function entering(catalog: Catalog, { id, groupId }: Component, position: number | undefined): Catalog {
  const positions = positionsIn(catalog, groupId);
  return inPlace(catalog, taking(positions, id, position ?? lastIn(positions) + 1));
}

/** Who stands where once `id` has taken `position`. Besides it, the result names only those that had to make room. */
function taking(positions: ReadonlyMap<string, number>, id: string, position: number): Map<string, number> {
  const holders = new Map([...positions].filter(([each]) => each !== id).map(([each, at]) => [at, each]));
  const from = positions.get(id) ?? NOWHERE;
  const step = from !== NOWHERE && from < position ? -1 : 1;
  const taken = new Map([[id, position]]);
  for (let at = position; ; at += step) {
    const holder = holders.get(at);
    if (holder === undefined) return taken;
    taken.set(holder, at + step);
  }
}

function positionsIn(catalog: Catalog, groupId: string | null): Map<string, number> {
  const known = new Set(catalog.groups.map(({ id }) => id));
  const components = catalog.components.filter((component) =>
    groupId === null ? component.groupId === null || !known.has(component.groupId) : component.groupId === groupId,
  );
  const groups = groupId === null ? catalog.groups : [];
  return new Map([...components, ...groups].map(({ id, position }) => [id, position]));
}

function childrenIn(catalog: Catalog, groupId: string): Component[] {
  const row = catalogRows(catalog).find((each) => each.kind === "group" && each.group.id === groupId);
  return row?.kind === "group" ? row.components : [];
}

function lastIn(positions: ReadonlyMap<string, number>): number {
  return [...positions.values()].reduce((last, position) => Math.max(last, position), 0);
}

/** A row that only makes room does not count as changed. */
function inPlace(catalog: Catalog, positions: ReadonlyMap<string, number>): Catalog {
  const at = <T extends { id: string; position: number }>(row: T): T => ({
    ...row,
    position: positions.get(row.id) ?? row.position,
  });
  return { ...catalog, components: catalog.components.map(at), groups: catalog.groups.map(at) };
}

function changedAt(catalog: Catalog, id: string, now: number): Catalog {
  const components = catalog.components.map((each) => (each.id === id ? { ...each, updatedAt: now } : each));
  return { ...catalog, components };
}
