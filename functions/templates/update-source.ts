import type { Catalog } from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { Page, Site } from "../core/page.ts";
import { shownUpdates } from "../core/postmortem.ts";
import { newestFirst } from "./wording.ts";

/** What every text about one update is made of. */
export interface UpdateSource {
  /** Its language is the text's; a text in another one is made of the page as if it were in that. */
  page: Page;
  catalog: Catalog;
  incident: Incident;
  /** Oldest first, up to and including `update`. */
  updates: readonly Update[];
  update: Update;
  site: Site;
}

/**
 * The update, then the earlier ones, newest first. It comes first even where an edited display time would move it, and
 * is told even if its postmortem was taken back meanwhile.
 */
export function updatesAsOf({
  incident,
  updates,
  update,
}: Pick<UpdateSource, "incident" | "updates" | "update">): Update[] {
  const earlier = shownUpdates(incident, updates).filter(({ seq }) => seq < update.seq);
  return [update, ...newestFirst(earlier)];
}
