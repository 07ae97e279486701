import { affectedList } from "./affected-components.ts";
import type { Fact } from "./fact.ts";
import { oneLine } from "./markdown.ts";
import { stringsOf } from "./strings/strings-of.ts";
import type { UpdateSource } from "./update-source.ts";
import { duration, postedTime } from "./wording.ts";

/** When a maintenance begins and ends as planned, and what it affects; nothing for an incident. */
export function plannedTimes({
  page,
  incident,
  updates,
  catalog,
}: Pick<UpdateSource, "page" | "incident" | "updates" | "catalog">): Fact[] {
  const { schedule } = incident;
  if (schedule === null) return [];
  const strings = stringsOf(page.locale).planned;
  const affected = affectedList(incident, updates, catalog, page.locale);
  return [
    [strings.begins, postedTime(schedule.scheduledFor, page)],
    [strings.ends, postedTime(schedule.scheduledUntil, page)],
    [strings.lasts, duration(schedule.scheduledUntil - schedule.scheduledFor, page.locale)],
    ...(affected === null ? [] : [[strings.affects, oneLine(affected)] as const]),
  ];
}
