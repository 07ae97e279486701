import { isUnresolved, publicStatus } from "../../core/incident.ts";
import { shownUpdates } from "../../core/postmortem.ts";
import { affectedSentence } from "../affected-components.ts";
import { cutAtWord } from "../cut-at-word.ts";
import { oneLine } from "../markdown.ts";
import { markdownToLine } from "../markdown-text.ts";
import type { IncidentWithUpdates, PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { IMPACT_TONES } from "../tone.ts";
import { newestFirst } from "../wording.ts";
import { renderDocument } from "./page-document.tsx";
import { IncidentChips, incidentPeriod, SiteHeader, UpdateList } from "./page-parts.tsx";
import { IncidentSignUp } from "./sign-up-form.tsx";

const DESCRIPTION_LIMIT = 200;
/** Bytes of HTML for all updates: enough for months of them, and as much as a phone can show. */
const PAGE_BYTES = 1_000_000;

/** `incidents/<id>`: everything that was said about one incident. */
export function renderIncidentPage(source: PublicPage, { incident, updates }: IncidentWithUpdates): string {
  const [name, pageName] = [oneLine(incident.name), oneLine(source.page.name)];
  const shown = shownUpdates(incident, updates);
  const newest = newestFirst(shown)[0];
  const affected = affectedSentence(incident, updates, source.catalog, source.page.locale);
  const tone = IMPACT_TONES[incident.impact];
  const strings = stringsOf(source.page.locale);
  const said = markdownToLine(newest?.body ?? "", source.page.locale);
  const told = [strings.statuses[publicStatus(incident)], said].filter((part) => part !== "");
  return renderDocument({
    source,
    title: `${name} · ${strings.page.title(pageName)}`,
    description: cutAtWord(told.join(": "), DESCRIPTION_LIMIT),
    path: `/incidents/${incident.id}`,
    tone,
    children: (
      <>
        <SiteHeader source={source} current={null} />
        <main class="wrap report" id="content">
          <h1 dir="auto">{name}</h1>
          <IncidentChips source={source} incident={incident} />
          <p class="facts">{incidentPeriod(incident, source.page)}</p>
          <div class={`card tone-${tone}`}>
            <UpdateList
              source={source}
              updates={shown}
              level="h2"
              bytes={PAGE_BYTES}
              rest={`/incidents/${incident.id}.json`}
            />
            {affected === null ? null : (
              <p class="affected" dir="auto">
                {affected}
              </p>
            )}
          </div>
          {source.signUp === undefined || !isUnresolved(incident) ? null : (
            <IncidentSignUp signUp={source.signUp} locale={source.page.locale} incident={incident} />
          )}
          <a class="back" href="/">
            {strings.page.currentStatusOf(pageName)}
          </a>
        </main>
      </>
    ),
  });
}
