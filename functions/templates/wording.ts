import type { ComponentStatus } from "../core/component.ts";
import type { Impact, Update, UpdateStatus } from "../core/incident.ts";
import { isoInZone, readableTime } from "../core/zoned-time.ts";

export const STATUS_LABELS: Record<UpdateStatus, string> = {
  investigating: "Investigating",
  identified: "Identified",
  monitoring: "Monitoring",
  resolved: "Resolved",
  scheduled: "Scheduled",
  in_progress: "In progress",
  verifying: "Verifying",
  completed: "Completed",
  postmortem: "Postmortem",
};

export const COMPONENT_LABELS: Record<ComponentStatus, string> = {
  operational: "Operational",
  under_maintenance: "Under maintenance",
  degraded_performance: "Degraded performance",
  partial_outage: "Partial outage",
  major_outage: "Major outage",
};

export const IMPACT_LABELS: Record<Impact, string> = {
  none: "No impact",
  maintenance: "Maintenance",
  minor: "Minor impact",
  major: "Major impact",
  critical: "Critical impact",
};

/** An update that repeats the status of the one before it is called just that; `updates` in any order. */
export function updateLabel(update: Update, updates: readonly Update[]): string {
  const before = updates.filter((other) => other.seq < update.seq).sort((a, b) => b.seq - a.seq)[0];
  return before?.status === update.status ? "Update" : STATUS_LABELS[update.status];
}

/** Newest first, as everywhere; an edited display time moves an update. */
export function newestFirst(updates: readonly Update[]): Update[] {
  return [...updates].sort((a, b) => b.displayAt - a.displayAt || b.seq - a.seq);
}

/** `Jul 07, 2025 - 12:05 CEST (10:05 UTC)`; the UTC date too where it is another day; UTC once on a UTC page. */
export function postedTime(instant: number, timeZone: string): string {
  const local = readableTime(instant, timeZone);
  const text = `${local.date} - ${local.time} ${local.zone}`;
  if (local.zone === "UTC") return text;
  const utc = readableTime(instant, "UTC");
  return `${text} (${utc.date === local.date ? "" : `${utc.date} - `}${utc.time} UTC)`;
}

/** `Jul 10, 2025 - 22:00 to 23:30 CEST (20:00 to 21:30 UTC)` */
export function timeSpan(from: number, until: number, timeZone: string): string {
  const local = spanIn(from, until, timeZone);
  return readableTime(from, timeZone).zone === "UTC" ? local : `${local} (${spanIn(from, until, "UTC", timeZone)})`;
}

function spanIn(from: number, until: number, timeZone: string, dateKnownIn: string | null = null): string {
  const [start, end] = [readableTime(from, timeZone), readableTime(until, timeZone)];
  const isDateKnown = dateKnownIn !== null && readableTime(from, dateKnownIn).date === start.date;
  const startZone = start.zone === end.zone ? "" : ` ${start.zone}`;
  const endDate = start.date === end.date ? "" : `${end.date} - `;
  return `${isDateKnown ? "" : `${start.date} - `}${start.time}${startZone} to ${endDate}${end.time} ${end.zone}`;
}

/** `1 h 5 min`, `2 d 3 h`; less than a minute is told as one. */
export function duration(milliseconds: number): string {
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60), minutes % 60];
  const parts = days > 0 ? [unit(days, "d"), unit(hours, "h")] : [unit(hours, "h"), unit(rest, "min")];
  return parts.filter((part) => part !== "").join(" ");
}

function unit(count: number, name: string): string {
  return count === 0 ? "" : `${count} ${name}`;
}

/** Calendar day in the zone, `2025-07-07`. */
export function dayOf(instant: number, timeZone: string): string {
  return isoInZone(instant, timeZone).slice(0, 10);
}
