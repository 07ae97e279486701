import type { Incident } from "../../core/incident.ts";
import { publicStatus } from "../../core/incident.ts";
import { oneLine } from "../markdown.ts";
import type { PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { IMPACT_TONES, STATUS_TONES } from "../tone.ts";
import { dayOf } from "../wording.ts";
import { renderDocument } from "./page-document.tsx";
import { Chip, incidentPeriod, SiteHeader } from "./page-parts.tsx";

/** `history`: all incidents there ever were, by month, newest first. */
export function renderHistoryPage(source: PublicPage, incidents: readonly Incident[]): string {
  const name = oneLine(source.page.name);
  const { page: strings, times } = stringsOf(source.page.locale);
  const inOrder = [...incidents].sort((a, b) => beginOf(b) - beginOf(a));
  const months = Map.groupBy(inOrder, (incident) => dayOf(beginOf(incident), source.page.timeZone).slice(0, 7));
  return renderDocument({
    source,
    title: `${strings.historyTitle} · ${strings.title(name)}`,
    description: strings.historyDescription(name),
    path: "/history",
    tone: "calm",
    children: (
      <>
        <SiteHeader source={source} current="history" />
        <main class="wrap report" id="content">
          <h1>{strings.historyTitle}</h1>
          {months.size === 0 ? <p class="empty">{strings.historyEmpty}</p> : null}
          {[...months].map(([month, ofMonth]) => (
            <section key={month} aria-labelledby={`m${month}`}>
              <h2 id={`m${month}`}>
                <time dateTime={month}>{times.month(Number(month.slice(0, 4)), Number(month.slice(5, 7)))}</time>
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
      <a href={`/incidents/${incident.id}`} dir="auto">
        {oneLine(incident.name)}
      </a>
      <Chip tone={STATUS_TONES[status]}>{stringsOf(source.page.locale).statuses[status]}</Chip>
      <p class="facts">{incidentPeriod(incident, source.page)}</p>
    </li>
  );
}

/** A maintenance belongs to the month in which it happens, not to the one in which it was announced. */
function beginOf(incident: Incident): number {
  return incident.schedule?.scheduledFor ?? incident.startedAt;
}
