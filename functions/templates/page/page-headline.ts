import { headlineOf } from "../../core/rollup.ts";
import { type IncidentWithUpdates, openImpacts, type PublicPage, statusOf } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { IMPACT_TONES, INDICATOR_TONES, type Tone } from "../tone.ts";

/** How the page as a whole is: in words, and in a colour. */
export function pageHeadline(
  source: PublicPage,
  unresolved: readonly IncidentWithUpdates[],
): { state: string; tone: Tone } {
  const headline = headlineOf(statusOf(source, unresolved), openImpacts(unresolved));
  const strings = stringsOf(source.page.locale);
  switch (headline.kind) {
    case "components":
      return {
        state: strings.pageStatus[headline.status.description],
        tone: INDICATOR_TONES[headline.status.indicator],
      };
    case "incidents":
      return { state: strings.openImpacts[headline.impact], tone: IMPACT_TONES[headline.impact] };
  }
}
