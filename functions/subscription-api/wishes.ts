import * as z from "zod/mini";
import { isDeleted } from "../core/chosen.ts";
import type { Catalog } from "../core/component.ts";
import { impactSchema } from "../core/incident.ts";
import { cleanAddress } from "../core/invisible.ts";
import type { Preferences, Scopes } from "../core/subscriber.ts";
import { idList, languageField, oneOf, optional } from "../lambda/input.ts";
import { invalid } from "../lambda/problem.ts";
import type { StatusStore } from "../store/status/status-store.ts";

/** A form's empty choice is text too. */
function chosen<S extends z.ZodMiniType>(schema: S) {
  return optional(
    z.pipe(
      z.transform((value: unknown) => (value === "" ? null : value)),
      z.nullable(schema),
    ),
  );
}

export const localeField = chosen(languageField);
export const preferenceFields = z.object({
  updates: chosen(oneOf(["all", "first and last"])),
  minimum_impact: chosen(oneOf(impactSchema.options)),
});
export const preferencesField = chosen(preferenceFields);
const idField = chosen(z.string("must be an id").check(z.overwrite(cleanAddress)));

/** What somebody wants to hear of, in the fields of a sign-up. */
export const wishFields = {
  /** Components or groups of the page; a group means its components. None, and no incident: everything. */
  component_ids: optional(idList),
  incident_id: idField,
  locale: localeField,
  preferences: preferencesField,
};
export interface Wished {
  component_ids?: string[] | undefined;
  incident_id?: string | null | undefined;
}

/** Scopes from a sign-up's fields. Throws a 422 that names the field that means nothing on this page. */
export async function scopesFrom(
  { status }: { status: Pick<StatusStore, "getCatalog" | "getIncident"> },
  pageId: string,
  { component_ids = [], incident_id }: Wished,
): Promise<Scopes> {
  const components =
    component_ids.length === 0 ? [] : componentsFrom(await status.getCatalog(pageId), component_ids, "component_ids");
  const incidents = incident_id == null ? [] : [incident_id];
  for (const id of incidents) {
    const incident = /^[a-z0-9]{12}$/.test(id) ? await status.getIncident(pageId, id) : null;
    if (incident === null || incident.withdrawnAt !== null) {
      throw invalid("incident_id", "is not an incident of this page");
    }
  }
  return { page: components.length === 0 && incidents.length === 0, components, incidents };
}

/**
 * The components that ids of components and groups stand for, in the catalog's order. A page that somebody has open may
 * offer one that is deleted by now: it counts for nothing beside others. Throws 422.
 */
export function componentsFrom(catalog: Catalog, given: readonly string[], field: string): string[] {
  const ids = given.filter((id) => !isDeleted(id, catalog));
  if (ids.length === 0) throw invalid(field, "names a component that this page has no longer");
  const wanted = new Set(ids);
  const known = new Set([...catalog.components, ...catalog.groups].map(({ id }) => id));
  if (ids.some((id) => !known.has(id))) throw invalid(field, "names a component that this page does not have");
  const components = catalog.components.filter(
    ({ id, groupId }) => wanted.has(id) || (groupId !== null && wanted.has(groupId)),
  );
  if (components.length === 0) throw invalid(field, "names groups without components only");
  return components.map(({ id }) => id);
}

/** The given preferences, over those that were there. */
export function preferencesFrom(
  given: z.output<typeof preferenceFields> | null | undefined,
  before: Preferences,
): Preferences {
  return {
    updates: given?.updates ?? before.updates,
    minimumImpact: given?.minimum_impact ?? before.minimumImpact,
  };
}
