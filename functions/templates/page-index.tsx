import { shownUpdates } from "../core/postmortem.ts";
import type { PageStatus } from "../core/rollup.ts";
import { isoInZone, readableTime } from "../core/zoned-time.ts";
import { affectedSentence } from "./affected-components.ts";
import { oneLine } from "./markdown.ts";
import { ComponentList } from "./page-components.tsx";
import { renderDocument } from "./page-document.tsx";
import { IncidentChips, incidentPeriod, PostedTime, SiteHeader, UpdateList } from "./page-parts.tsx";
import { type IncidentWithUpdates, isMaintenance, isRealtime, type PublicPage, statusOf } from "./statuspage-json.ts";
import { IMPACT_TONES, INDICATOR_TONES, type Tone } from "./tone.ts";
import { proseHtml } from "./trusted-html.ts";
import { dayOf, newestFirst } from "./wording.ts";

const PAST_DAYS = 14;
const DAY_MS = 86_400_000;

export interface IndexSource extends PublicPage {
  /** Newest first. */
  unresolved: readonly IncidentWithUpdates[];
  /** Resolved and completed ones, newest first; those told of within the last 14 days are shown. */
  recent: readonly IncidentWithUpdates[];
  now: number;
}

/** `index.html`: everything a reader in a hurry wants, in the order in which they want it. */
export function renderIndexPage(source: IndexSource): string {
  const status = statusOf(source, source.unresolved);
  const tone = INDICATOR_TONES[status.indicator];
  const name = oneLine(source.page.name);
  const open = source.unresolved.filter(isRealtime);
  const maintenances = source.unresolved.filter(isMaintenance);
  return renderDocument({
    source,
    title: `${name} Status`,
    description: `${status.description}. Current status and incident history of ${name}.`,
    path: "/",
    tone,
    version: source.page.version,
    children: (
      <>
        <SiteHeader source={source} current="index" />
        <main class="wrap" id="content">
          <Banner source={source} status={status} tone={tone} open={open.length} />
          <OpenList id="incidents" title="Open incidents" source={source} incidents={open} />
          <OpenList id="maintenances" title="Scheduled maintenance" source={source} incidents={maintenances} />
          <ComponentList source={source} />
          <PastIncidents source={source} />
          <Follow />
        </main>
      </>
    ),
  });
}

function Banner({ source, status, tone, open }: { source: PublicPage; status: PageStatus; tone: Tone; open: number }) {
  return (
    <div class={`banner tone-${tone}`} role="status">
      {tone === "ok" ? <CheckIcon /> : <AlertIcon />}
      <div>
        <p class="state">{status.description}</p>
        <p class="since">
          {open === 0 ? "" : `${open === 1 ? "1 open incident" : `${open} open incidents`} · `}Last change{" "}
          <PostedTime instant={source.page.updatedAt} source={source} />
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
        const affected = affectedSentence(incident, updates, source.catalog);
        return (
          <article key={incident.id} class={`card incident-card tone-${IMPACT_TONES[incident.impact]}`}>
            <header>
              <h3>
                <a href={`/incidents/${incident.id}`}>{oneLine(incident.name)}</a>
              </h3>
              <IncidentChips incident={incident} />
              {incident.schedule === null ? null : (
                <p class="facts">{incidentPeriod(incident, source.page.timeZone)}</p>
              )}
            </header>
            <UpdateList source={source} updates={shownUpdates(incident, updates)} level="h4" />
            {affected === null ? null : <p class="affected">{affected}</p>}
          </article>
        );
      })}
    </section>
  );
}

/** Days are absolute and counted from the last change, so the file stays true however long nothing happens. */
function PastIncidents({ source }: { source: IndexSource }) {
  const { timeZone } = source.page;
  const since = source.now - PAST_DAYS * DAY_MS;
  const past = source.recent.filter(
    ({ incident, updates }) => Math.max(incident.startedAt, ...updates.map(({ displayAt }) => displayAt)) >= since,
  );
  const days = Map.groupBy(past, ({ incident }) => dayOf(incident.startedAt, timeZone));
  const inOrder = [...days].sort(([a], [b]) => b.localeCompare(a));
  const sinceDate = readableTime(since, timeZone).date;
  return (
    <section aria-labelledby="past">
      <div class="section-head">
        <h2 id="past">Past incidents</h2>
        <a class="small" href="/history">
          Whole history
        </a>
      </div>
      {inOrder.map(([day, incidents]) => (
        <div key={day} class="day">
          <h3>
            <time dateTime={day}>{readableTime(incidents[0]?.incident.startedAt ?? since, timeZone).date}</time>
          </h3>
          {incidents.map((one) => (
            <PastIncident key={one.incident.id} source={source} one={one} />
          ))}
        </div>
      ))}
      <p class="empty">
        {past.length === 0 && source.unresolved.length === 0
          ? `No incident reported since ${sinceDate}.`
          : `No other incident since ${sinceDate}.`}
      </p>
    </section>
  );
}

/** How it ended, in the words of its last update; the rest is a click away. */
function PastIncident({ source, one: { incident, updates } }: { source: PublicPage; one: IncidentWithUpdates }) {
  const last = newestFirst(updates.filter(({ status }) => status !== "postmortem"))[0];
  return (
    <article class={`past tone-${IMPACT_TONES[incident.impact]}`}>
      <h4>
        <a href={`/incidents/${incident.id}`}>{oneLine(incident.name)}</a>
      </h4>
      <p class="facts">
        <time dateTime={isoInZone(incident.startedAt, source.page.timeZone)}>
          {incidentPeriod(incident, source.page.timeZone)}
        </time>
      </p>
      {last === undefined ? null : <div class="prose" {...proseHtml(last.body)} />}
      <IncidentChips incident={incident} />
    </article>
  );
}

function Follow() {
  return (
    <section class="follow-section" aria-labelledby="follow">
      <h2 id="follow">Follow this page</h2>
      <div class="follow">
        <a href="/history.atom">
          Atom feed<span>For feed readers and chat</span>
        </a>
        <a href="/history.rss">
          RSS feed<span>The same, as RSS 2.0</span>
        </a>
        <a href="/api/v2/summary.json">
          JSON<span>For scripts and dashboards</span>
        </a>
      </div>
    </section>
  );
}
