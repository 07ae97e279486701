import type { Catalog } from "./component.ts";
import type { Scopes } from "./subscriber.ts";

/**
 * What the page still has of what somebody chose. The stored choice keeps deleted components: an update about one still
 * goes to those who chose it, until its incident ends. Nobody is shown them, and the next choice leaves them out.
 */
export function presentScopes(scopes: Scopes, catalog: Pick<Catalog, "components">): Scopes {
  const known = new Set(catalog.components.map(({ id }) => id));
  return { ...scopes, components: scopes.components.filter((id) => known.has(id)) };
}

/** Whether all that somebody chose is gone. They do not get the whole page instead: they choose anew themselves. */
export function hearsNothing(scopes: Scopes, catalog: Pick<Catalog, "components">): boolean {
  const { page, components, incidents } = presentScopes(scopes, catalog);
  return !page && components.length === 0 && incidents.length === 0;
}

/** Whether a component or group of this id was there once. */
export function isDeleted(id: string, { deleted = [] }: Catalog): boolean {
  return deleted.some((one) => one.id === id);
}

/** How many are remembered: scripts and files go on naming them for a while. */
const MOST_DELETED = 500;

/** The catalog, with a note that a component or group was there. */
export function withDeleted(catalog: Catalog, id: string, now: number): Catalog {
  return { ...catalog, deleted: [{ id, at: now }, ...(catalog.deleted ?? [])].slice(0, MOST_DELETED) };
}

export function withoutComponent(catalog: Catalog, id: string, now: number): Catalog {
  const components = catalog.components.filter((each) => each.id !== id);
  return withDeleted({ ...catalog, components }, id, now);
}
