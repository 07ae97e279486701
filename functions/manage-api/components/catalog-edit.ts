import { withSinglePositions } from "../../core/catalog-order.ts";
import type { Catalog, Component, ComponentChange } from "../../core/component.ts";
import { isSame } from "../../core/is-same.ts";
import { invalid } from "../../lambda/problem.ts";
import { type ManageDeps, notFound } from "../call.ts";
import { saveWithRetry } from "../save-with-retry.ts";

/** A DynamoDB item holds 400 kB, and all components of a page are one item. */
const LARGEST_CATALOG_BYTES = 300_000;

export interface CatalogEdit {
  catalog: Catalog;
  change: ComponentChange | null;
}

export interface EditedCatalog {
  catalog: Catalog;
  /** It was so already: nothing was stored. */
  unchanged?: true;
}

/**
 * Reads the catalog, lets `edit` change it at the time of that attempt, and saves it, unless nothing but a time
 * changed. Throws 409 after lost races, 422 when it grows too large.
 */
export async function editCatalog(
  deps: ManageDeps,
  pageId: string,
  edit: (catalog: Catalog, now: number) => CatalogEdit,
): Promise<EditedCatalog> {
  return saveWithRetry<EditedCatalog>(deps, async () => {
    const present = await deps.status.getCatalog(pageId);
    const { catalog, change } = edit(withSinglePositions(present), deps.clock());
    if (change === null && isSame(withoutTimes(present), withoutTimes(catalog))) {
      return { saved: { outcome: "committed" }, result: { catalog: present, unchanged: true } };
    }
    if (Buffer.byteLength(JSON.stringify(catalog)) > LARGEST_CATALOG_BYTES) {
      const problem = "is too long: all of the page's components and their descriptions are one item of the table";
      throw invalid("description", problem);
    }
    return { saved: await deps.status.saveCatalog(pageId, catalog, change), result: { catalog } };
  });
}

function withoutTimes({ components, groups, ...rest }: Catalog) {
  return {
    ...rest,
    components: components.map(({ updatedAt: _, ...shown }) => shown),
    groups: groups.map(({ updatedAt: _, ...shown }) => shown),
  };
}

/** Throws 404. */
export function componentIn(catalog: Catalog, id: string): Component {
  const component = catalog.components.find((each) => each.id === id);
  if (component === undefined) throw notFound("component");
  return component;
}
