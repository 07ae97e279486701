import type { Catalog, ComponentChange } from "../core/component.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { ManageDeps } from "./route.ts";
import { saveWithRetry } from "./save-with-retry.ts";

/** A DynamoDB item holds 400 kB, and all components of a page are one item. */
const LARGEST_CATALOG_BYTES = 300_000;

export interface CatalogEdit<T> {
  catalog: Catalog;
  change: ComponentChange | null;
  result: T;
  /** It is so already: nothing is to be saved. */
  unchanged?: true;
}

/** Reads the catalog, lets `edit` change it at the time of that attempt, and saves it. Throws 409 after lost races, 422 when it grows too large. */
export async function editCatalog<T>(
  deps: ManageDeps,
  pageId: string,
  edit: (catalog: Catalog, now: number) => CatalogEdit<T>,
): Promise<{ catalog: Catalog; result: T }> {
  return saveWithRetry(deps, async () => {
    const { catalog, change, result, unchanged } = edit(await deps.status.getCatalog(pageId), deps.clock());
    if (unchanged) return { saved: { outcome: "committed" }, result: { catalog, result } };
    if (Buffer.byteLength(JSON.stringify(catalog)) > LARGEST_CATALOG_BYTES) {
      throw new HttpProblem(422, "The page's components and their descriptions are too large together");
    }
    return { saved: await deps.status.saveCatalog(pageId, catalog, change), result: { catalog, result } };
  });
}

/** The position after the last one. */
export function nextPosition(siblings: readonly { position: number }[]): number {
  return siblings.reduce((last, { position }) => Math.max(last, position), 0) + 1;
}
