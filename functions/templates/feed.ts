import { Feed } from "feed";
import { publicStatus, type Update } from "../core/incident.ts";
import { shownUpdates } from "../core/postmortem.ts";
import { isoInZone } from "../core/zoned-time.ts";
import { affectedSentence } from "./affected-components.ts";
import { escapeHtml } from "./escape-html.ts";
import { markdownToHtml, oneLine } from "./markdown.ts";
import { type IncidentWithUpdates, incidentUrl, type PublicPage } from "./statuspage-json.ts";
import { newestFirst, postedTime, updateLabel } from "./wording.ts";

const NEWEST = 25;

export interface Feeds {
  atom: string;
  rss: string;
}

/**
 * The history feeds: one entry per incident, its updates newest first, as Statuspage has them. An entry's id never
 * changes; its date is the one of its newest update, so that readers show an incident anew when it moves on.
 */
export function renderFeeds(source: PublicPage, incidents: readonly IncidentWithUpdates[]): Feeds {
  const { page, pageUrl } = source;
  const host = new URL(pageUrl).host;
  const feed = new Feed({
    id: `tag:${host},2005:/history`,
    title: `${oneLine(page.name)} Status - Incident History`,
    description: `Incidents and maintenances of ${oneLine(page.name)}`,
    link: pageUrl,
    updated: new Date(page.updatedAt),
    generator: "Tocsin",
    language: "en",
    feedLinks: { atom: `${pageUrl}/history.atom`, rss: `${pageUrl}/history.rss` },
    author: { name: oneLine(page.name) },
  });
  for (const one of incidents.slice(0, NEWEST)) {
    const { incident } = one;
    const shown = newestFirst(shownUpdates(incident, one.updates));
    const html = entryHtml(source, one, shown);
    const link = incidentUrl(pageUrl, incident.id);
    feed.addItem({
      id: `tag:${host},2005:Incident/${incident.id}`,
      guid: link,
      title: oneLine(incident.name),
      link,
      date: new Date(Math.max(incident.startedAt, ...shown.map(({ displayAt }) => displayAt))),
      published: new Date(incident.startedAt),
      description: html,
      content: html,
      category: [{ name: publicStatus(incident), term: publicStatus(incident) }],
    });
  }
  return { atom: feed.atom1(), rss: feed.rss2() };
}

function entryHtml(source: PublicPage, { incident, updates }: IncidentWithUpdates, shown: readonly Update[]): string {
  const { timeZone } = source.page;
  const told = shown.map((update) => {
    const time = `<time datetime="${isoInZone(update.displayAt, timeZone)}">${escapeHtml(postedTime(update.displayAt, timeZone))}</time>`;
    return `<p><small>${time}</small><br><strong>${updateLabel(update, updates)}</strong></p>\n${markdownToHtml(update.body)}`;
  });
  const affected = affectedSentence(incident, updates, source.catalog);
  return [...told, ...(affected === null ? [] : [`<p>${escapeHtml(oneLine(affected))}</p>`])].join("\n");
}
