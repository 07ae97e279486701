import type { Catalog } from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { Page, Site } from "../core/page.ts";
import { shownUpdates } from "../core/postmortem.ts";
import { newestFirst } from "./wording.ts";

/** What every text about one update is made of. */
export interface UpdateSource {
  /** The page's language is the text's. A text in another language is made from the page as if it were in that one. */
  page: Page;
  catalog: Catalog;
  incident: Incident;
  /** Oldest first, up to and including `update`. */
  updates: readonly Update[];
  update: Update;
  site: Site;
}

/**
 * The update, then the earlier ones, newest first. It comes first even if an edited display time would move it, and is
 * there even if its postmortem was taken back meanwhile.
 */
export function updatesAsOf({
  incident,
  updates,
  update,
}: Pick<UpdateSource, "incident" | "updates" | "update">): Update[] {
  const earlier = shownUpdates(incident, updates).filter(({ seq }) => seq < update.seq);
  return [update, ...newestFirst(earlier)];
}
