import type { Catalog } from "../core/component.ts";
import { sha256Hex } from "../core/ids.ts";
import { type Incident, isUnresolved } from "../core/incident.ts";
import { byNews, newsAt } from "../core/news.ts";
import type { Page } from "../core/page.ts";
import { inParallel } from "../lambda/in-parallel.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import { FEED_LENGTH } from "../templates/page/feed.ts";
import type { IncidentWithUpdates, SignUp } from "../templates/public-page.ts";
import type { Manifest } from "./manifest.ts";

/** The addresses in the files: where the page is, and how readers sign up. */
export interface PublishedSite {
  pageUrl: string;
  signUp: SignUp;
}

/** Statuspage's lists hold the 50 newest. */
export const LIST_LENGTH = 50;
const RECENT_MS = 15 * 86_400_000;
const INCIDENTS_PER_READ = 100;
const READS_AT_ONCE = 16;

type ReadStatus = Pick<StatusStore, "getPage" | "getCatalog" | "listIncidents" | "listUpdates">;

/** A page as it was read; `version` may be behind the rest of it, never ahead. */
export interface PageSnapshot {
  page: Page;
  catalog: Catalog;
  /** All there are, newest first. */
  headers: Incident[];
  /** The incidents whose files are to be made, with their updates, newest first; the others' files stay as they are. */
  incidents: IncidentWithUpdates[];
  /** When each of the headers last had news, in their order. */
  news: number[];
  setting: string;
  now: number;
}

/**
 * Reads the page first, so that any later commit makes this version stale. It reads the updates of incidents that any
 * list shows, and of old ones whose files are not up to date: years of history cost one query per hundred. The feeds
 * list by news, which only an incident's updates show: for incidents that are up to date, the manifest has it.
 */
export async function readPage(
  pageId: string,
  manifest: Manifest,
  deps: { status: ReadStatus; site: PublishedSite; build: string; now: number },
): Promise<PageSnapshot | null> {
  const page = await deps.status.getPage(pageId);
  if (page === null) return null;
  const [catalog, headers] = await Promise.all([deps.status.getCatalog(pageId), readHeaders(pageId, deps.status)]);
  const setting = settingOf(page, catalog, deps);
  const listed = listedIds(headers);
  const isToBeMade = (incident: Incident) =>
    listed.has(incident.id) ||
    isUnresolved(incident) ||
    incident.updatedAt >= deps.now - RECENT_MS ||
    manifest.setting !== setting ||
    manifest.incidents[incident.id] !== incident.version ||
    manifest.news[incident.id] === undefined;
  const withUpdates = (some: readonly Incident[]) =>
    inParallel(
      some,
      READS_AT_ONCE,
      async (incident): Promise<IncidentWithUpdates> => ({
        incident,
        updates: await deps.status.listUpdates(pageId, incident.id),
      }),
    );
  const read = new Map((await withUpdates(headers.filter(isToBeMade))).map((one) => [one.incident.id, one]));
  const dated = headers.map((incident) => {
    const one = read.get(incident.id);
    return { incident, news: one === undefined ? (manifest.news[incident.id] ?? 0) : newsAt(incident, one.updates) };
  });
  const fed = dated.toSorted(byNews).slice(0, FEED_LENGTH);
  const missing = fed.flatMap(({ incident }) => (read.has(incident.id) ? [] : [incident]));
  for (const one of await withUpdates(missing)) read.set(one.incident.id, one);
  const incidents = headers.flatMap(({ id }) => read.get(id) ?? []);
  return { page, catalog, headers, incidents, news: dated.map(({ news }) => news), setting, now: deps.now };
}

async function readHeaders(pageId: string, status: ReadStatus): Promise<Incident[]> {
  const headers: Incident[] = [];
  let cursor: string | null = null;
  do {
    const { items, next } = await status.listIncidents(pageId, INCIDENTS_PER_READ, cursor);
    for (const header of items) headers.push(header);
    cursor = next;
  } while (cursor !== null);
  return headers;
}

function listedIds(headers: readonly Incident[]): Set<string> {
  const realtime = headers.filter(({ schedule }) => schedule === null).slice(0, LIST_LENGTH);
  const maintenances = headers.filter(({ schedule }) => schedule !== null).slice(0, LIST_LENGTH);
  return new Set([...realtime, ...maintenances].map(({ id }) => id));
}

/**
 * What a resolved incident's files show of the page: names, language, branding, zone and order, but no component's
 * present status.
 */
function settingOf(page: Page, catalog: Catalog, { site, build }: { site: PublishedSite; build: string }) {
  return sha256Hex(
    JSON.stringify([
      build,
      site,
      page.name,
      page.locale,
      page.branding,
      page.timeZone,
      catalog.groups.map(({ id, name, position }) => [id, name, position]),
      catalog.components.map(({ status: _, statusSince: __, updatedAt: ___, ...shown }) => shown),
    ]),
  );
}
