import type { Locale } from "./locale.ts";

const HOUR_MINUTES = 60;
const MINUTE_MS = 60_000;

/**
 * Locales that are asked in turn for a zone's abbreviation. Each has them only for the zones of its own part of the
 * world. English has those that the reader's language lacks.
 */
const ENGLISH = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "en-NZ", "en-CA"] as const;
const ABBREVIATION_LOCALES: Record<Locale, readonly string[]> = { en: ENGLISH, de: ["de-DE", ...ENGLISH] };

// Asking Intl for one time costs 20 µs, and a page shows hundreds. So we keep what a zone says by quarter hour: no zone
// changes its offset at another time.
const QUARTER_MS = 15 * MINUTE_MS;
const QUARTERS_KEPT = 10_000;
const zones = new Map<string, Zone>();

interface Zone {
  isUtc: boolean;
  fields: Intl.DateTimeFormat;
  /** Made when a language is first asked for. */
  names: Map<Locale, Intl.DateTimeFormat[]>;
  quarters: Map<number, Quarter>;
}

interface Quarter {
  /** Minutes east of UTC. */
  offset: number;
  abbreviations: Partial<Record<Locale, string>>;
}

interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/**
 * ISO 8601 with milliseconds and the zone's offset at that instant; `Z` if the zone is UTC itself. Throws RangeError on
 * an unknown zone.
 */
export function isoInZone(instant: number, timeZone: string): string {
  const zone = zoneOf(timeZone);
  const { offset } = quarterOf(instant, zone);
  const { year, month, day, hour, minute, second } = wallClock(instant, offset);
  const millisecond = ((instant % 1_000) + 1_000) % 1_000;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(millisecond, 3)}`;
  return `${date}T${time}${zone.isUtc ? "Z" : isoOffset(offset)}`;
}

export interface ZonedTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  /** 24 hours: `12:05` */
  time: string;
  /** The zone's abbreviation at that instant in the reader's language, `CEST` or `MESZ`; `UTC+2` if none is known. */
  zone: string;
}

/** The parts of a time as readers see it on the page and in mail. Each language puts them together in its own way. */
export function zonedTime(instant: number, timeZone: string, locale: Locale): ZonedTime {
  const zone = zoneOf(timeZone);
  const quarter = quarterOf(instant, zone);
  const { year, month, day, hour, minute } = wallClock(instant, quarter.offset);
  return {
    year,
    month,
    day,
    time: `${pad(hour)}:${pad(minute)}`,
    zone: abbreviationIn(instant, quarter, zone, locale),
  };
}

function wallClock(instant: number, offset: number): WallClock {
  const shifted = new Date(instant + offset * MINUTE_MS);
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
  };
}

function quarterOf(instant: number, zone: Zone): Quarter {
  const start = Math.floor(instant / QUARTER_MS) * QUARTER_MS;
  const known = zone.quarters.get(start);
  if (known !== undefined) return known;
  const quarter = { offset: offsetAt(start, zone), abbreviations: {} };
  if (zone.quarters.size >= QUARTERS_KEPT) zone.quarters.clear();
  zone.quarters.set(start, quarter);
  return quarter;
}

function offsetAt(instant: number, zone: Zone): number {
  const parts = new Map(zone.fields.formatToParts(instant).map((part) => [part.type, part.value]));
  const field = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const [year, month, day] = [field("year"), field("month"), field("day")];
  const wall = Date.UTC(year, month - 1, day, field("hour"), field("minute"), field("second"));
  return Math.round((wall - instant) / MINUTE_MS);
}

function abbreviationIn(instant: number, quarter: Quarter, zone: Zone, locale: Locale): string {
  const known = quarter.abbreviations[locale];
  if (known !== undefined) return known;
  const abbreviation = abbreviationAt(instant, quarter.offset, zone, locale);
  quarter.abbreviations[locale] = abbreviation;
  return abbreviation;
}

function abbreviationAt(instant: number, offset: number, zone: Zone, locale: Locale): string {
  if (zone.isUtc) return "UTC";
  for (const formatter of namesIn(zone, locale)) {
    const name = formatter.formatToParts(instant).find((part) => part.type === "timeZoneName")?.value;
    if (name !== undefined && (name === "GMT" || /^[A-Z]{2,5}$/.test(name))) return name;
  }
  const minutes = Math.abs(offset) % HOUR_MINUTES;
  const hours = Math.trunc(Math.abs(offset) / HOUR_MINUTES);
  if (offset === 0) return "UTC";
  return `UTC${offset < 0 ? "-" : "+"}${hours}${minutes === 0 ? "" : `:${pad(minutes)}`}`;
}

function namesIn(zone: Zone, locale: Locale): Intl.DateTimeFormat[] {
  const known = zone.names.get(locale);
  if (known !== undefined) return known;
  const { timeZone } = zone.fields.resolvedOptions();
  const names = ABBREVIATION_LOCALES[locale].map(
    (asked) => new Intl.DateTimeFormat(asked, { timeZone, timeZoneName: "short" }),
  );
  zone.names.set(locale, names);
  return names;
}

/** Throws RangeError on an unknown zone. */
function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const fields = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const zone: Zone = {
    // `UTC` goes by several IANA names; London in winter is not one of them, its offset changes.
    isUtc: fields.resolvedOptions().timeZone === "UTC" || /^(etc\/)?(utc|gmt|uct|zulu)$/i.test(timeZone),
    fields,
    names: new Map(),
    quarters: new Map(),
  };
  zones.set(timeZone, zone);
  return zone;
}

function isoOffset(minutesEast: number): string {
  const minutes = Math.abs(minutesEast);
  return `${minutesEast < 0 ? "-" : "+"}${pad(Math.trunc(minutes / HOUR_MINUTES))}:${pad(minutes % HOUR_MINUTES)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
