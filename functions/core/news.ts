import type { Catalog } from "./component.ts";
import { greatest } from "./extremes.ts";
import type { Incident, Update } from "./incident.ts";
import type { Page } from "./page.ts";
import { shownUpdates } from "./postmortem.ts";

/**
 * When there was last news of an incident: the time shown with the newest of its updates, a published postmortem
 * included. A correction or a new name is no news.
 */
export function newsAt(incident: Incident, updates: readonly Update[]): number {
  const shown = shownUpdates(incident, updates).map(({ displayAt }) => displayAt);
  return Math.max(incident.startedAt, greatest(shown) ?? 0);
}

/** Newest news first; of the same moment, the incident that began last. */
export function byNews(a: { news: number; incident: Incident }, b: { news: number; incident: Incident }): number {
  return b.news - a.news || b.incident.createdAt - a.incident.createdAt;
}

/**
 * When the page last had news of the service: an update or a component's status. Names, order and looks do not count.
 */
export function lastChangeOf(page: Page, catalog: Catalog, news: readonly number[]): number {
  const statuses = catalog.components.map(({ createdAt, statusSince }) => statusSince ?? createdAt);
  return [...statuses, ...news].reduce((latest, time) => Math.max(latest, time), page.createdAt);
}
