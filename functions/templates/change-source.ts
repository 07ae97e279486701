import type { Catalog, Component } from "../core/component.ts";
import type { Page, Site } from "../core/page.ts";

/**
 * What every text about a component's change of status without an incident is made of. `id` names the change; instants
 * are `changedAt` and `generatedAt`.
 */
export interface ChangeTextSource {
  page: Page;
  catalog: Catalog;
  /** As the change left it. */
  component: Component;
  id: string;
  oldStatus: Component["status"];
  newStatus: Component["status"];
  changedAt: number;
  generatedAt: number;
  site: Site;
}
