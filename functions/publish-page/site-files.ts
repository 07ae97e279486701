import { isUnresolved } from "../core/incident.ts";
import { lastChangeOf } from "../core/news.ts";
import type { SiteFile } from "../providers/site.ts";
import { renderFeeds } from "../templates/page/feed.ts";
import { pageHeadline } from "../templates/page/page-headline.ts";
import { renderHistoryPage } from "../templates/page/page-history.tsx";
import { pageIcons } from "../templates/page/page-icons.ts";
import { renderIncidentPage } from "../templates/page/page-incident.tsx";
import { renderIndexPage } from "../templates/page/page-index.tsx";
import { renderNotFoundPage } from "../templates/page/page-not-found.tsx";
import {
  type IncidentWithUpdates,
  inOrderOfTime,
  isMaintenance,
  isRealtime,
  type PublicPage,
} from "../templates/public-page.ts";
import {
  componentsJson,
  incidentJson,
  incidentsJson,
  maintenancesJson,
  statusJson,
  summaryJson,
} from "../templates/statuspage/statuspage-json.ts";
import { listable } from "./listable.ts";
import { LIST_LENGTH, type PageSnapshot, type PublishedSite } from "./read-page.ts";

/** A few seconds at the edge carry any crowd. An edge that cannot reach the bucket goes on showing what it has. */
const CACHE_CONTROL = "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400";

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json; charset=utf-8";

/** Every file of an incident. */
export function incidentPaths(incidentId: string): string[] {
  return [...pagePaths(`incidents/${incidentId}`), `incidents/${incidentId}.json`];
}

/**
 * A page is found with and without a slash at its end, because a bucket knows keys and no redirects. Its canonical link
 * has none.
 */
function pagePaths(path: string): [string, string] {
  return [path, `${path}/`];
}

/** The files in the order in which they are written: one group after the other, data before what points to it. */
export function siteFiles(snapshot: PageSnapshot, { pageUrl, signUp }: PublishedSite): SiteFile[][] {
  const { page, catalog, incidents, headers, news, now } = snapshot;
  const source: PublicPage = { page, catalog, pageUrl, signUp };
  const unresolved = incidents.filter(({ incident }) => isUnresolved(incident));
  const over = incidents.filter(({ incident }) => !isUnresolved(incident));
  const changedAt = lastChangeOf(page, catalog, news);
  return [
    incidents.flatMap((one) => incidentFiles(source, one)),
    [
      ...apiFiles(source, incidents, unresolved),
      ...feedFiles(source, incidents),
      ...pageFiles("history", renderHistoryPage(source, headers)),
      ...siteWideFiles(source, unresolved),
      file("404.html", HTML, renderNotFoundPage(source)),
    ],
    [file("index.html", HTML, renderIndexPage({ ...source, unresolved, recent: over, changedAt, now }))],
  ];
}

function incidentFiles(source: PublicPage, one: IncidentWithUpdates): SiteFile[] {
  const path = `incidents/${one.incident.id}`;
  return [jsonFile(`${path}.json`, incidentJson(source, one)), ...pageFiles(path, renderIncidentPage(source, one))];
}

function pageFiles(path: string, html: string): SiteFile[] {
  return pagePaths(path).map((each) => file(each, HTML, html));
}

/** The files that browsers, phones and search engines ask every site for. */
function siteWideFiles(source: PublicPage, unresolved: readonly IncidentWithUpdates[]): SiteFile[] {
  const { favicon, touchIcon } = pageIcons(pageHeadline(source, unresolved).tone, source.page.branding.colour);
  return [
    file("favicon.ico", "image/x-icon", favicon),
    file("apple-touch-icon.png", "image/png", touchIcon),
    // An older name that phones ask for as well.
    file("apple-touch-icon-precomposed.png", "image/png", touchIcon),
    file("robots.txt", "text/plain; charset=utf-8", "User-agent: *\nDisallow:\n"),
  ];
}

function apiFiles(
  source: PublicPage,
  incidents: readonly IncidentWithUpdates[],
  allUnresolved: readonly IncidentWithUpdates[],
): SiteFile[] {
  const realtime = listable(incidents.filter(isRealtime).slice(0, LIST_LENGTH));
  const maintenances = listable(incidents.filter(isMaintenance).slice(0, LIST_LENGTH));
  const unresolved = listable(allUnresolved);
  const upcoming = unresolved.filter(({ incident }) => incident.status === "scheduled");
  const active = unresolved.filter(({ incident }) => incident.status !== "scheduled");
  return [
    jsonFile("api/v2/components.json", componentsJson(source)),
    jsonFile("api/v2/incidents.json", incidentsJson(source, realtime)),
    jsonFile("api/v2/incidents/unresolved.json", incidentsJson(source, unresolved)),
    jsonFile("api/v2/scheduled-maintenances.json", maintenancesJson(source, maintenances)),
    jsonFile("api/v2/scheduled-maintenances/upcoming.json", maintenancesJson(source, inOrderOfTime(upcoming))),
    jsonFile("api/v2/scheduled-maintenances/active.json", maintenancesJson(source, active)),
    jsonFile("api/v2/status.json", statusJson(source, unresolved)),
    jsonFile("api/v2/summary.json", summaryJson(source, unresolved)),
  ];
}

function feedFiles(source: PublicPage, incidents: readonly IncidentWithUpdates[]): SiteFile[] {
  const { atom, rss } = renderFeeds(source, incidents);
  return [
    file("history.atom", "application/atom+xml; charset=utf-8", atom),
    file("history.rss", "application/rss+xml; charset=utf-8", rss),
  ];
}

function jsonFile(path: string, value: unknown): SiteFile {
  return file(path, JSON_TYPE, JSON.stringify(value));
}

function file(path: string, contentType: string, body: string | Uint8Array): SiteFile {
  return { path, body, contentType, cacheControl: CACHE_CONTROL };
}
