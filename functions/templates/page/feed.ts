import { Feed, type Item } from "feed";
import { publicStatus, type Update } from "../../core/incident.ts";
import { byNews, newsAt } from "../../core/news.ts";
import { shownUpdates } from "../../core/postmortem.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { affectedSentence } from "../affected-components.ts";
import { escapeHtml } from "../escape-html.ts";
import { oneLine } from "../markdown.ts";
import { type IncidentWithUpdates, incidentUrl, type PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { newestFirst, postedTime, updateLabel } from "../wording.ts";
import { toldWithin } from "./told-within.ts";

/** As many entries as Statuspage's feeds have. */
export const FEED_LENGTH = 25;
/** HTML of one entry. It is in each feed twice, and readers fetch all of it every few minutes. */
const ENTRY_BYTES = 50_000;

export interface Feeds {
  atom: string;
  rss: string;
}

/**
 * The history feeds: one entry per incident, its updates newest first, as Statuspage has them. An entry's id never
 * changes. Its date is the one of its newest update, so that readers show an incident anew when it moves on. The feeds
 * have the incidents with the newest news, newest first: an old one that moves on comes first again.
 */
export function renderFeeds(source: PublicPage, incidents: readonly IncidentWithUpdates[]): Feeds {
  const dated = incidents.map((one) => ({ ...one, news: newsAt(one.incident, one.updates) }));
  const items = dated
    .toSorted(byNews)
    .slice(0, FEED_LENGTH)
    .map((one) => itemOf(source, one));
  // Atom's entries declare their titles to be HTML; RSS's are plain text.
  const atom = feedOf(
    source,
    items.map((item) => ({ ...item, title: escapeHtml(item.title) })),
  );
  // RSS has only one date. Readers take it for the date of the news, so it is the newest update's as well.
  const rss = feedOf(
    source,
    items.map((item) => ({ ...item, published: item.date })),
  );
  return { atom: atom.atom1(), rss: rss.rss2() };
}

function feedOf({ page, pageUrl }: PublicPage, items: readonly Item[]): Feed {
  const name = oneLine(page.name);
  const { language, feed: strings } = stringsOf(page.locale);
  const feed = new Feed({
    id: `tag:${new URL(pageUrl).host},2005:/history`,
    title: strings.title(name),
    description: strings.description(name),
    link: pageUrl,
    // The date of the news, not of the page's settings: RFC 4287 leaves open what counts as significant.
    updated: items[0]?.date ?? new Date(page.createdAt),
    generator: "Tocsin",
    language,
    feedLinks: { atom: `${pageUrl}/history.atom`, rss: `${pageUrl}/history.rss` },
    author: { name },
  });
  for (const item of items) feed.addItem(item);
  return feed;
}

function itemOf(source: PublicPage, one: IncidentWithUpdates & { news: number }): Item {
  const { incident, updates } = one;
  const shown = newestFirst(shownUpdates(incident, updates));
  const html = entryHtml(source, one, shown);
  const link = incidentUrl(source.pageUrl, incident.id);
  const status = publicStatus(incident);
  return {
    id: `tag:${new URL(source.pageUrl).host},2005:Incident/${incident.id}`,
    guid: link,
    title: oneLine(incident.name),
    link,
    date: new Date(one.news),
    published: new Date(incident.startedAt),
    description: html,
    content: html,
    category: [{ name: status, term: status }],
  };
}

function entryHtml(source: PublicPage, { incident, updates }: IncidentWithUpdates, shown: readonly Update[]): string {
  const { page } = source;
  const { told: fitting, left } = toldWithin(shown, ENTRY_BYTES);
  const told = fitting.map(({ update, html }) => {
    const time = `<time datetime="${isoInZone(update.displayAt, page.timeZone)}">${escapeHtml(postedTime(update.displayAt, page))}</time>`;
    return `<p><small>${time}</small><br><strong>${updateLabel(update, updates, page.locale)}</strong></p>\n${html}`;
  });
  const affected = affectedSentence(incident, updates, source.catalog, page.locale);
  if (left > 0) {
    const older = escapeHtml(stringsOf(page.locale).page.olderUpdates(left));
    told.push(`<p><a href="${escapeHtml(incidentUrl(source.pageUrl, incident.id))}">${older}</a></p>`);
  }
  return [...told, ...(affected === null ? [] : [`<p>${escapeHtml(oneLine(affected))}</p>`])].join("\n");
}
