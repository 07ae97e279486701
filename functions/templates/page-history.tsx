import type { Incident } from "../core/incident.ts";
import { publicStatus } from "../core/incident.ts";
import { oneLine } from "./markdown.ts";
import { renderDocument } from "./page-document.tsx";
import { Chip, incidentPeriod, SiteHeader } from "./page-parts.tsx";
import type { PublicPage } from "./statuspage-json.ts";
import { IMPACT_TONES, STATUS_TONES } from "./tone.ts";
import { dayOf, STATUS_LABELS } from "./wording.ts";

const MONTH_NAMES = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;

/** `history`: all incidents there ever were, by month, newest first. */
export function renderHistoryPage(source: PublicPage, incidents: readonly Incident[]): string {
  const name = oneLine(source.page.name);
  const inOrder = [...incidents].sort((a, b) => beginOf(b) - beginOf(a));
  const months = Map.groupBy(inOrder, (incident) => dayOf(beginOf(incident), source.page.timeZone).slice(0, 7));
  return renderDocument({
    source,
    title: `Incident history · ${name} Status`,
    description: `Past incidents and maintenances of ${name}.`,
    path: "/history",
    tone: "calm",
    children: (
      <>
        <SiteHeader source={source} current="history" />
        <main class="wrap report" id="content">
          <h1>Incident history</h1>
          {months.size === 0 ? <p class="empty">No incident has been reported yet.</p> : null}
          {[...months].map(([month, ofMonth]) => (
            <section key={month} aria-labelledby={`m${month}`}>
              <h2 id={`m${month}`}>
                <time dateTime={month}>{monthName(month)}</time>
              </h2>
              <ul class="plain card report-list">
                {ofMonth.map((incident) => (
                  <HistoryEntry key={incident.id} source={source} incident={incident} />
                ))}
              </ul>
            </section>
          ))}
        </main>
      </>
    ),
  });
}

function HistoryEntry({ source, incident }: { source: PublicPage; incident: Incident }) {
  const status = publicStatus(incident);
  return (
    <li class={`tone-${IMPACT_TONES[incident.impact]}`}>
      <a href={`/incidents/${incident.id}`}>{oneLine(incident.name)}</a>
      <Chip tone={STATUS_TONES[status]}>{STATUS_LABELS[status]}</Chip>
      <p class="facts">{incidentPeriod(incident, source.page.timeZone)}</p>
    </li>
  );
}

/** A maintenance belongs to the month it happens in, not to the one it was announced in. */
function beginOf(incident: Incident): number {
  return incident.schedule?.scheduledFor ?? incident.startedAt;
}

/** `2025-07` as `July 2025`. */
function monthName(month: string): string {
  return `${MONTH_NAMES[Number(month.slice(5, 7)) - 1]} ${month.slice(0, 4)}`;
}
