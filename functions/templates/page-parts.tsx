import type { ComponentChildren } from "preact";
import type { Incident, Update } from "../core/incident.ts";
import { isUnresolved, publicStatus } from "../core/incident.ts";
import { isoInZone, readableTime } from "../core/zoned-time.ts";
import { oneLine } from "./markdown.ts";
import type { PublicPage } from "./statuspage-json.ts";
import { IMPACT_TONES, STATUS_TONES, type Tone } from "./tone.ts";
import { proseHtml } from "./trusted-html.ts";
import { duration, IMPACT_LABELS, newestFirst, postedTime, STATUS_LABELS, timeSpan, updateLabel } from "./wording.ts";

/** `current`: which of the site's pages this is; on the index the name is the page's heading. */
export function SiteHeader({ source, current }: { source: PublicPage; current: "index" | "history" | null }) {
  const name = oneLine(source.page.name);
  return (
    <header class="top">
      <div class="wrap">
        {current === "index" ? (
          <h1 class="brand brand-title">{name}</h1>
        ) : (
          <a class="brand" href="/">
            {name}
          </a>
        )}
        <nav class="nav" aria-label="Status page">
          {current === "index" ? null : <a href="/">Current status</a>}
          {current === "history" ? null : <a href="/history">History</a>}
          <a href="/#follow">Follow</a>
        </nav>
      </div>
    </header>
  );
}

/** A time in the page's zone and UTC, readable by machines too. */
export function PostedTime({ instant, source }: { instant: number; source: PublicPage }) {
  const { timeZone } = source.page;
  return <time dateTime={isoInZone(instant, timeZone)}>{postedTime(instant, timeZone)}</time>;
}

export function Chip({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`chip tone-${tone}`}>{children}</span>;
}

export function IncidentChips({ incident }: { incident: Incident }) {
  const status = publicStatus(incident);
  const shown = status === "postmortem" ? incident.status : status;
  return (
    <div class="chips">
      <Chip tone={STATUS_TONES[shown]}>{STATUS_LABELS[shown]}</Chip>
      {incident.impact === "none" || incident.impact === "maintenance" ? null : (
        <Chip tone={IMPACT_TONES[incident.impact]}>{IMPACT_LABELS[incident.impact]}</Chip>
      )}
      {incident.schedule === null ? null : <Chip tone="info">Maintenance</Chip>}
      {status === "postmortem" ? <Chip tone="calm">Postmortem published</Chip> : null}
    </div>
  );
}

/** When it was: the span planned, or from the first update to the end. */
export function incidentPeriod(incident: Incident, timeZone: string): string {
  const { schedule, startedAt, resolvedAt } = incident;
  if (schedule !== null) return timeSpan(schedule.scheduledFor, schedule.scheduledUntil, timeZone);
  if (isUnresolved(incident) || resolvedAt === null) return `Since ${postedTime(startedAt, timeZone)}`;
  const start = readableTime(startedAt, timeZone);
  const end = readableTime(resolvedAt, timeZone);
  const endText = `${end.date === start.date ? "" : `${end.date} - `}${end.time} ${end.zone}`;
  const startZone = start.zone === end.zone ? "" : ` ${start.zone}`;
  return `${start.date} - ${start.time}${startZone} to ${endText}, ${duration(resolvedAt - startedAt)} in all`;
}

/** Newest first, each with its label, text and time. `level` is the heading level of the labels. */
export function UpdateList({
  source,
  updates,
  level,
}: {
  source: PublicPage;
  updates: readonly Update[];
  level: "h2" | "h4";
}) {
  const Label = level;
  return (
    <div class="updates">
      {newestFirst(updates).map((update) => (
        <article key={update.id} id={`update-${update.id}`} class={`update tone-${STATUS_TONES[update.status]}`}>
          <Label class="label">{updateLabel(update, updates)}</Label>
          <div class="prose" {...proseHtml(update.body)} />
          <p class="posted">
            Posted <PostedTime instant={update.displayAt} source={source} />
          </p>
        </article>
      ))}
    </div>
  );
}
