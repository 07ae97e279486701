import type { Update } from "../core/incident.ts";
import type { Locale } from "../core/locale.ts";
import { isoInZone, zonedTime } from "../core/zoned-time.ts";
import { stringsOf } from "./strings/strings-of.ts";

/** For whom a time is written: in which zone, in which language. A page fits this. */
export interface Reading {
  /** IANA name. */
  timeZone: string;
  locale: Locale;
}

/** An update that repeats the status of the one before has a label that says so. `updates` may be in any order. */
export function updateLabel(update: Update, updates: readonly Update[], locale: Locale): string {
  const before = updates.filter((other) => other.seq < update.seq).sort((a, b) => b.seq - a.seq)[0];
  const strings = stringsOf(locale);
  return before?.status === update.status ? strings.update : strings.statuses[update.status];
}

/** Newest first, as everywhere. An edited display time moves an update. */
export function newestFirst(updates: readonly Update[]): Update[] {
  return [...updates].sort((a, b) => b.displayAt - a.displayAt || b.seq - a.seq);
}

/** `Jul 07, 2025`, `7. Juli 2025` */
export function dateOf(instant: number, { timeZone, locale }: Reading): string {
  const { year, month, day } = zonedTime(instant, timeZone, locale);
  return stringsOf(locale).times.date(year, month, day);
}

/**
 * `Jul 07, 2025 - 12:05 CEST (10:05 UTC)`, `7. Juli 2025, 12:05 MESZ (10:05 UTC)`. It adds the UTC date if that is
 * another day, and shows UTC only once on a UTC page.
 */
export function postedTime(instant: number, reading: Reading): string {
  const { dateTime } = stringsOf(reading.locale).times;
  const local = zonedTime(instant, reading.timeZone, reading.locale);
  const localDate = dateOf(instant, reading);
  const text = `${dateTime(localDate, local.time)} ${local.zone}`;
  if (local.zone === "UTC") return text;
  const utc = { ...reading, timeZone: "UTC" };
  const { time } = zonedTime(instant, utc.timeZone, utc.locale);
  const utcDate = dateOf(instant, utc);
  return `${text} (${utcDate === localDate ? time : dateTime(utcDate, time)} UTC)`;
}

/** `Jul 10, 2025 - 22:00 to 23:30 CEST (20:00 to 21:30 UTC)` */
export function timeSpan(from: number, until: number, reading: Reading): string {
  const local = localSpan(from, until, reading);
  if (zonedTime(from, reading.timeZone, reading.locale).zone === "UTC") return local;
  return `${local} (${localSpan(from, until, { ...reading, timeZone: "UTC" }, dateOf(from, reading))})`;
}

/** The same in the reader's zone alone. `knownDate`: a date that stands just before and need not be repeated. */
export function localSpan(from: number, until: number, reading: Reading, knownDate: string | null = null): string {
  const { dateTime, to } = stringsOf(reading.locale).times;
  const start = zonedTime(from, reading.timeZone, reading.locale);
  const end = zonedTime(until, reading.timeZone, reading.locale);
  const [startDate, endDate] = [dateOf(from, reading), dateOf(until, reading)];
  const startText = knownDate === startDate ? start.time : dateTime(startDate, start.time);
  const startZone = start.zone === end.zone ? "" : ` ${start.zone}`;
  const endText = startDate === endDate ? end.time : dateTime(endDate, end.time);
  return `${startText}${startZone} ${to} ${endText} ${end.zone}`;
}

/** `1 h 5 min`, `2 Tg. 3 Std.`; less than a minute counts as one. */
export function duration(milliseconds: number, locale: Locale): string {
  const names = stringsOf(locale).times;
  const minutes = Math.max(1, Math.round(milliseconds / 60_000));
  const [days, hours, rest] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60), minutes % 60];
  const parts =
    days > 0
      ? [unit(days, names.days), unit(hours, names.hours)]
      : [unit(hours, names.hours), unit(rest, names.minutes)];
  return parts.filter((part) => part !== "").join(" ");
}

function unit(count: number, name: string): string {
  return count === 0 ? "" : `${count} ${name}`;
}

/** Calendar day in the zone, `2025-07-07`. */
export function dayOf(instant: number, timeZone: string): string {
  return isoInZone(instant, timeZone).slice(0, 10);
}
