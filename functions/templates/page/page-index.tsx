import { greatest } from "../../core/extremes.ts";
import { shownUpdates } from "../../core/postmortem.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { affectedSentence } from "../affected-components.ts";
import { oneLine } from "../markdown.ts";
import { type IncidentWithUpdates, isMaintenance, isRealtime, type PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { IMPACT_TONES, type Tone } from "../tone.ts";
import { trustedHtml } from "../trusted-html.ts";
import { dateOf, dayOf, newestFirst } from "../wording.ts";
import { ComponentList } from "./page-components.tsx";
import { renderDocument } from "./page-document.tsx";
import { pageHeadline } from "./page-headline.ts";
import { IncidentChips, incidentPeriod, PostedTime, SiteHeader, UpdateList } from "./page-parts.tsx";
import { SignUpForms } from "./sign-up-form.tsx";
import { toldAlone } from "./told-within.ts";

const PAST_DAYS = 14;
const DAY_MS = 86_400_000;

export interface IndexSource extends PublicPage {
  /** Newest first. */
  unresolved: readonly IncidentWithUpdates[];
  /** Resolved and completed ones, newest first. Those with news within the last 14 days are shown. */
  recent: readonly IncidentWithUpdates[];
  /** When the page last had news of the service. */
  changedAt: number;
  now: number;
}

/** `index.html`: everything a reader in a hurry wants, in the order in which they want it. */
export function renderIndexPage(source: IndexSource): string {
  const { state, tone } = pageHeadline(source, source.unresolved);
  const name = oneLine(source.page.name);
  const { page: strings } = stringsOf(source.page.locale);
  const open = source.unresolved.filter(isRealtime);
  const maintenances = source.unresolved.filter(isMaintenance);
  return renderDocument({
    source,
    title: tone === "ok" ? strings.title(name) : strings.titleWith(state, name),
    description: strings.description(state, name),
    path: "/",
    tone,
    version: source.page.version,
    children: (
      <>
        <SiteHeader source={source} current="index" />
        <main class="wrap" id="content">
          <Banner source={source} state={state} tone={tone} open={open.length} />
          <OpenList id="incidents" title={strings.openIncidents} source={source} incidents={open} />
          <OpenList id="maintenances" title={strings.maintenances} source={source} incidents={maintenances} />
          <ComponentList source={source} />
          <PastIncidents source={source} />
          <Follow source={source} />
        </main>
      </>
    ),
  });
}

function Banner({ source, state, tone, open }: { source: IndexSource; state: string; tone: Tone; open: number }) {
  const { page: strings } = stringsOf(source.page.locale);
  return (
    <div class={`banner tone-${tone}`} role="status">
      {tone === "ok" ? <CheckIcon /> : <AlertIcon />}
      <div>
        <p class="state">{state}</p>
        <p class="since">
          {open === 0 ? "" : `${strings.openCount(open)} · `}
          {strings.lastChange} <PostedTime instant={source.changedAt} source={source} />
        </p>
      </div>
    </div>
  );
}

function CheckIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true">
      <circle cx="12" cy="12" r="10.2" />
      <path d="M7.4 12.4l3.2 3.2 6.2-6.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

function AlertIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" aria-hidden="true">
      <circle cx="12" cy="12" r="10.2" />
      <path d="M12 7v6" stroke-linecap="round" />
      <circle cx="12" cy="16.6" r=".7" fill="currentColor" />
    </svg>
  );
}

function OpenList({
  id,
  title,
  source,
  incidents,
}: {
  id: string;
  title: string;
  source: PublicPage;
  incidents: readonly IncidentWithUpdates[];
}) {
  if (incidents.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {incidents.map(({ incident, updates }) => {
        const affected = affectedSentence(incident, updates, source.catalog, source.page.locale);
        return (
          <article key={incident.id} class={`card incident-card tone-${IMPACT_TONES[incident.impact]}`}>
            <header>
              <h3 dir="auto">
                <a href={`/incidents/${incident.id}`}>{oneLine(incident.name)}</a>
              </h3>
              <IncidentChips source={source} incident={incident} />
              {incident.schedule === null ? null : <p class="facts">{incidentPeriod(incident, source.page)}</p>}
            </header>
            <UpdateList
              source={source}
              updates={shownUpdates(incident, updates)}
              level="h4"
              bytes={shareOf(incidents.length)}
              rest={`/incidents/${incident.id}`}
            />
            {affected === null ? null : (
              <p class="affected" dir="auto">
                {affected}
              </p>
            )}
          </article>
        );
      })}
    </section>
  );
}

/**
 * Bytes of HTML: for the updates of all open incidents, and at most and at least for those of one. People in a hurry
 * read the front page on their phones.
 */
const OPEN_BYTES = 500_000;
const MOST_BYTES = 100_000;
const LEAST_BYTES = 5_000;

function shareOf(incidents: number): number {
  return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, Math.floor(OPEN_BYTES / incidents)));
}

/** Bytes of HTML for how a past incident ended. */
const LAST_WORDS_BYTES = 10_000;

/** Days are absolute and counted from the last change, so the file stays true however long nothing happens. */
function PastIncidents({ source }: { source: IndexSource }) {
  const { page } = source;
  const strings = stringsOf(page.locale).page;
  const since = source.now - PAST_DAYS * DAY_MS;
  const past = source.recent.filter(
    ({ incident, updates }) =>
      Math.max(incident.startedAt, greatest(updates.map(({ displayAt }) => displayAt)) ?? 0) >= since,
  );
  const days = Map.groupBy(past, ({ incident }) => dayOf(incident.startedAt, page.timeZone));
  const inOrder = [...days].sort(([a], [b]) => b.localeCompare(a));
  const sinceDate = dateOf(since, page);
  return (
    <section aria-labelledby="past">
      <div class="section-head">
        <h2 id="past">{strings.pastIncidents}</h2>
        <a class="small" href="/history">
          {strings.wholeHistory}
        </a>
      </div>
      {inOrder.map(([day, incidents]) => (
        <div key={day} class="day">
          <h3>
            <time dateTime={day}>{dateOf(incidents[0]?.incident.startedAt ?? since, page)}</time>
          </h3>
          {incidents.map((one) => (
            <PastIncident key={one.incident.id} source={source} one={one} />
          ))}
        </div>
      ))}
      <p class="empty">
        {past.length === 0 && source.unresolved.length === 0
          ? strings.noneSince(sinceDate)
          : strings.noOtherSince(sinceDate)}
      </p>
    </section>
  );
}

/** How it ended, in the words of its last update; the rest is a click away. */
function PastIncident({ source, one: { incident, updates } }: { source: PublicPage; one: IncidentWithUpdates }) {
  const last = newestFirst(updates.filter(({ status }) => status !== "postmortem"))[0];
  return (
    <article class={`past tone-${IMPACT_TONES[incident.impact]}`}>
      <h4 dir="auto">
        <a href={`/incidents/${incident.id}`}>{oneLine(incident.name)}</a>
      </h4>
      <p class="facts">
        <time dateTime={isoInZone(incident.startedAt, source.page.timeZone)}>
          {incidentPeriod(incident, source.page)}
        </time>
      </p>
      {last === undefined ? null : <div class="prose" {...trustedHtml(toldAlone(last, LAST_WORDS_BYTES).html)} />}
      <IncidentChips source={source} incident={incident} />
    </article>
  );
}

function Follow({ source }: { source: PublicPage }) {
  const strings = stringsOf(source.page.locale).page;
  return (
    <section class="follow-section" aria-labelledby="follow">
      <h2 id="follow">{strings.followTitle}</h2>
      {source.signUp === undefined ? null : (
        <SignUpForms signUp={source.signUp} locale={source.page.locale} catalog={source.catalog} />
      )}
      <div class="follow">
        <a href="/history.atom">
          {strings.atom}
          <span>{strings.atomHint}</span>
        </a>
        <a href="/history.rss">
          {strings.rss}
          <span>{strings.rssHint}</span>
        </a>
        <a href="/api/v2/summary.json">
          {strings.json}
          <span>{strings.jsonHint}</span>
        </a>
      </div>
    </section>
  );
}
