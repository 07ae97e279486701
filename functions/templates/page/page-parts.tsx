import type { ComponentChildren } from "preact";
import type { Incident, Update } from "../../core/incident.ts";
import { isUnresolved, publicStatus } from "../../core/incident.ts";
import type { Page } from "../../core/page.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { oneLine } from "../markdown.ts";
import type { PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { IMPACT_TONES, STATUS_TONES, type Tone } from "../tone.ts";
import { trustedHtml } from "../trusted-html.ts";
import { duration, localSpan, newestFirst, postedTime, timeSpan, updateLabel } from "../wording.ts";
import { toldWithin } from "./told-within.ts";

/** CSS pixels; the width follows. */
const LOGO_HEIGHT = 40;

/** `current`: which of the site's pages this is. On the index the name is the page's heading. */
export function SiteHeader({ source, current }: { source: PublicPage; current: "index" | "history" | null }) {
  const { branding, locale } = source.page;
  const strings = stringsOf(locale).page;
  return (
    <header class={branding.colour === null ? "top" : "top branded"}>
      <div class="wrap">
        {current === "index" ? (
          <h1 class="brand brand-title" dir="auto">
            <Brand page={source.page} />
          </h1>
        ) : (
          <a class="brand" href="/" dir="auto">
            <Brand page={source.page} />
          </a>
        )}
        <nav class="nav" aria-label={strings.navigation}>
          {current === "index" ? null : <a href="/">{strings.currentStatus}</a>}
          {current === "history" ? null : <a href="/history">{strings.history}</a>}
          <a href="/#follow">{strings.follow}</a>
        </nav>
      </div>
    </header>
  );
}

/** The logo stands for the name, and its text gives the name if the logo is not seen. */
function Brand({ page: { name, branding } }: { page: Page }) {
  if (branding.logoUrl === null) return <>{oneLine(name)}</>;
  return (
    <img class="logo" src={branding.logoUrl} alt={oneLine(name)} height={LOGO_HEIGHT} referrerpolicy="no-referrer" />
  );
}

/** A time in the page's zone and UTC, readable by machines too. */
export function PostedTime({ instant, source }: { instant: number; source: PublicPage }) {
  return <time dateTime={isoInZone(instant, source.page.timeZone)}>{postedTime(instant, source.page)}</time>;
}

export function Chip({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`chip tone-${tone}`}>{children}</span>;
}

export function IncidentChips({ source, incident }: { source: PublicPage; incident: Incident }) {
  const strings = stringsOf(source.page.locale);
  const status = publicStatus(incident);
  const shown = status === "postmortem" ? incident.status : status;
  return (
    <div class="chips">
      <Chip tone={STATUS_TONES[shown]}>{strings.statuses[shown]}</Chip>
      {incident.impact === "none" || incident.impact === "maintenance" ? null : (
        <Chip tone={IMPACT_TONES[incident.impact]}>{strings.impacts[incident.impact]}</Chip>
      )}
      {incident.schedule === null ? null : <Chip tone="info">{strings.page.maintenance}</Chip>}
      {status === "postmortem" ? <Chip tone="calm">{strings.page.postmortemPublished}</Chip> : null}
    </div>
  );
}

/** When it was: the planned span, or from the first update to the end. */
export function incidentPeriod(incident: Incident, page: Page): string {
  const { schedule, startedAt, resolvedAt } = incident;
  const { since, inAll } = stringsOf(page.locale).times;
  if (schedule !== null) return timeSpan(schedule.scheduledFor, schedule.scheduledUntil, page);
  if (isUnresolved(incident) || resolvedAt === null) return since(postedTime(startedAt, page));
  return inAll(localSpan(startedAt, resolvedAt, page), duration(resolvedAt - startedAt, page.locale));
}

/** A text's own headings are h4, which fits the index. Below an h2 that would leave out a level. */
function headingsBelowH2(html: string): string {
  return html.replace(/<(\/?)h4(?=[ >])/g, "<$1h3");
}

/**
 * Newest first, each with its label, text and time, as many as fit into the bytes. The rest is at `rest`. `level` is
 * the heading level of the labels.
 */
export function UpdateList({
  source,
  updates,
  level,
  bytes,
  rest,
}: {
  source: PublicPage;
  updates: readonly Update[];
  level: "h2" | "h4";
  bytes: number;
  rest: string;
}) {
  const Label = level;
  const { locale } = source.page;
  const strings = stringsOf(locale);
  const { told, left } = toldWithin(newestFirst(updates), bytes);
  return (
    <div class="updates">
      {told.map(({ update, html, isWhole }) => (
        <article key={update.id} id={`update-${update.id}`} class={`update tone-${STATUS_TONES[update.status]}`}>
          <Label class="label">{updateLabel(update, updates, locale)}</Label>
          <div class="prose" {...trustedHtml(level === "h2" ? headingsBelowH2(html) : html)} />
          {isWhole ? null : (
            <p>
              <a href={rest}>{strings.updateEmail.readWhole}</a>
            </p>
          )}
          <p class="posted">
            {strings.posted} <PostedTime instant={update.displayAt} source={source} />
          </p>
        </article>
      ))}
      {left === 0 ? null : (
        <p>
          <a href={rest}>{strings.page.olderUpdates(left)}</a>
        </p>
      )}
    </div>
  );
}
