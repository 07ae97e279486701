import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

/** Statuspage's component statuses, from best to worst. */
export const componentStatusSchema = z.enum([
  "operational",
  "under_maintenance",
  "degraded_performance",
  "partial_outage",
  "major_outage",
]);
export type ComponentStatus = z.infer<typeof componentStatusSchema>;

const componentSchema = z.object({
  id: idSchema,
  name: z.string(),
  description: z.nullable(z.string()),
  status: componentStatusSchema,
  /** When the status last changed. Absent if it never did, and from old components. */
  statusSince: z.optional(z.number()),
  position: z.number(),
  groupId: z.nullable(idSchema),
  showcase: z.boolean(),
  onlyShowIfDegraded: z.boolean(),
  /** Calendar date, YYYY-MM-DD: uptime counts from then on. */
  startDate: z.nullable(z.string()),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type Component = z.infer<typeof componentSchema>;

/** A group has no status of its own; its children carry `groupId`. Two levels only. */
const componentGroupSchema = z.object({
  id: idSchema,
  name: z.string(),
  description: z.nullable(z.string()),
  position: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type ComponentGroup = z.infer<typeof componentGroupSchema>;

/** All components and groups of a page. It is one stored item, so a change of sixty components is one write. */
export const catalogSchema = z.object({
  version: z.number(),
  components: z.array(componentSchema),
  groups: z.array(componentGroupSchema),
  /**
   * Components and groups that are gone, the last first. Scripts, files and old pages go on naming them for a while.
   */
  deleted: z.optional(z.array(z.object({ id: idSchema, at: z.number() }))),
});
export type Catalog = z.infer<typeof catalogSchema>;

export const EMPTY_CATALOG: Catalog = { version: 0, components: [], groups: [] };

/** What an update did to one component, as shown with it (`affected_components`). */
export const affectedComponentSchema = z.object({
  id: idSchema,
  name: z.string(),
  oldStatus: componentStatusSchema,
  newStatus: componentStatusSchema,
});
export type AffectedComponent = z.infer<typeof affectedComponentSchema>;

/** A change of component statuses, kept for uptime. */
export const componentChangeSchema = z.object({
  pageId: idSchema,
  at: z.number(),
  incidentId: z.nullable(idSchema),
  changes: z.array(affectedComponentSchema),
  /** Only in the change of a single component without an incident: its id and number in the notice. */
  notice: z.optional(z.object({ id: idSchema, seq: z.number() })),
});
export type ComponentChange = z.infer<typeof componentChangeSchema>;

export type ComponentStatuses = Readonly<Record<string, ComponentStatus>>;

/**
 * Sets the named components' statuses. Returns which ids the catalog does not have, and what was affected (also where
 * unchanged).
 */
export function applyStatuses(
  catalog: Catalog,
  statuses: ComponentStatuses,
  now: number,
): { catalog: Catalog; affected: AffectedComponent[]; changed: AffectedComponent[]; unknown: string[] } {
  const known = new Set(catalog.components.map((component) => component.id));
  const unknown = Object.keys(statuses).filter((id) => !known.has(id));
  const affected: AffectedComponent[] = [];
  const components = catalog.components.map((component) => {
    const status = statuses[component.id];
    if (status === undefined) return component;
    affected.push({ id: component.id, name: component.name, oldStatus: component.status, newStatus: status });
    return status === component.status ? component : { ...component, status, statusSince: now, updatedAt: now };
  });
  const changed = affected.filter((component) => component.oldStatus !== component.newStatus);
  return { catalog: { ...catalog, components }, affected, changed, unknown };
}

/** Components in the order of the page: groups and ungrouped components by position, children by position inside their group. */
export type CatalogRow =
  | { kind: "component"; component: Component }
  | { kind: "group"; group: ComponentGroup; components: Component[] };

export function catalogRows(catalog: Catalog): CatalogRow[] {
  const byPosition = <T extends { position: number; createdAt: number }>(a: T, b: T) =>
    a.position - b.position || a.createdAt - b.createdAt;
  const groupIds = new Set(catalog.groups.map((group) => group.id));
  const rows = [
    ...catalog.groups.map((group) => ({
      order: group,
      row: {
        kind: "group" as const,
        group,
        components: catalog.components.filter((child) => child.groupId === group.id).sort(byPosition),
      },
    })),
    ...catalog.components
      .filter((component) => component.groupId === null || !groupIds.has(component.groupId))
      .map((component) => ({ order: component, row: { kind: "component" as const, component } })),
  ];
  return rows.sort((a, b) => byPosition(a.order, b.order)).map(({ row }) => row);
}

/** All components as a list, in the order of the page. */
export function componentsInOrder(catalog: Catalog): Component[] {
  return catalogRows(catalog).flatMap((row) => (row.kind === "group" ? row.components : [row.component]));
}
