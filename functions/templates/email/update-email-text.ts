import type { Update } from "../../core/incident.ts";
import { affectedSentence } from "../affected-components.ts";
import { oneLine } from "../markdown.ts";
import { markdownToText } from "../markdown-text.ts";
import { plannedTimes } from "../planned-times.ts";
import { incidentUrl } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { type UpdateSource, updatesAsOf } from "../update-source.ts";
import { postedTime, updateLabel } from "../wording.ts";
import type { Draft } from "./update-email-draft.ts";

/** The mail of an update for readers without HTML. */
export function updateText(source: UpdateSource, draft: Draft): string {
  const { update, updates, page, incident, catalog } = source;
  // The planned times include what a maintenance affects. The incident may have moved on since the update.
  const asOf = { ...incident, status: update.status };
  const affected = incident.schedule === null ? affectedSentence(asOf, updates, catalog, page.locale) : null;
  return textOf(source, draft, [
    textOfUpdate(source, update, draft.cut),
    ...(affected === null ? [] : [oneLine(affected)]),
  ]);
}

/** `news` stands between the incident's name (with a maintenance's times) and the link to its page. */
export function textOf(source: UpdateSource, draft: Draft, news: readonly string[], from = 1): string {
  const { page, incident, update, site } = source;
  const url = incidentUrl(site.pageUrl, incident.id);
  const strings = stringsOf(page.locale).updateEmail;
  const times = plannedTimes(source);
  const earlier = draft.told.slice(from).map((one) => textOfUpdate(source, one, null));
  const why = strings.why(`${oneLine(page.name)} <${site.pageUrl}>`).join("");
  return [
    oneLine(update.incidentName),
    ...(times.length === 0 ? [] : [times.map(([name, value]) => `${name}: ${value}`).join("\n")]),
    ...news,
    `${strings.follow} ${url}`,
    ...(earlier.length === 0 ? [] : [`----------\n${strings.earlier}`, ...earlier]),
    ...leftOut(source, draft).map((sentence) => `${sentence} ${url}`),
    `----------\n${why}`,
    `${strings.leave}: ${draft.unsubscribeUrl}`,
    "",
  ].join("\n\n");
}

function textOfUpdate({ page, updates }: UpdateSource, update: Update, cut: number | null): string {
  const body = markdownToText(update.body, page.locale, cut);
  return `${updateLabel(update, updates, page.locale)} - ${postedTime(update.displayAt, page)}\n${body}`;
}

/** A sentence about the updates that the mail has no room for, if there are any. */
export function leftOut(source: UpdateSource, { told }: Draft): string[] {
  const count = updatesAsOf(source).length - told.length;
  return count === 0 ? [] : [stringsOf(source.page.locale).updateEmail.older(count)];
}
