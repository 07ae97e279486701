import type { Catalog, Component } from "../core/component.ts";
import type { Page, Site } from "../core/page.ts";

/**
 * What every text is made of that is about a component's change of status without an incident. `id` names the change.
 * `changedAt` and `generatedAt` are instants.
 */
export interface ChangeTextSource {
  page: Page;
  catalog: Catalog;
  /** The component as the change left it. */
  component: Component;
  id: string;
  oldStatus: Component["status"];
  newStatus: Component["status"];
  changedAt: number;
  generatedAt: number;
  site: Site;
}
