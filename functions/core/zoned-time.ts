const HOUR_MINUTES = 60;
const MINUTE_MS = 60_000;

/** Locales asked in turn for a zone's abbreviation: each has them for the zones of its own part of the world only. */
const ABBREVIATION_LOCALES = ["en-US", "en-GB", "en-AU", "en-IN", "en-ZA", "en-NZ", "en-CA"] as const;

// Building a formatter costs far more than using one, and a page has one zone.
const fieldFormatters = new Map<string, Intl.DateTimeFormat>();
const nameFormatters = new Map<string, Intl.DateTimeFormat[]>();

interface WallClock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Minutes east of UTC. */
  offset: number;
}

/** ISO 8601 with milliseconds and the zone's offset at that instant; `Z` where the zone is UTC itself. Throws RangeError on an unknown zone. */
export function isoInZone(instant: number, timeZone: string): string {
  const { year, month, day, hour, minute, second, offset } = wallClock(instant, timeZone);
  const millisecond = ((instant % 1_000) + 1_000) % 1_000;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  const time = `${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(millisecond, 3)}`;
  return `${date}T${time}${isUtc(timeZone) ? "Z" : isoOffset(offset)}`;
}

export interface ReadableTime {
  /** `Jul 07, 2025` */
  date: string;
  /** 24 hours: `12:05` */
  time: string;
  /** The zone's abbreviation at that instant, `CEST`; `UTC+2` where English knows none. */
  zone: string;
}

/** A time as readers see it on the page and in mail. */
export function readableTime(instant: number, timeZone: string): ReadableTime {
  const { year, month, day, hour, minute } = wallClock(instant, timeZone);
  return {
    date: `${MONTHS[month - 1]} ${pad(day)}, ${year}`,
    time: `${pad(hour)}:${pad(minute)}`,
    zone: zoneAbbreviation(instant, timeZone),
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

function zoneAbbreviation(instant: number, timeZone: string): string {
  if (isUtc(timeZone)) return "UTC";
  for (const formatter of namesOf(timeZone)) {
    const name = formatter.formatToParts(instant).find((part) => part.type === "timeZoneName")?.value;
    if (name !== undefined && (name === "GMT" || /^[A-Z]{2,5}$/.test(name))) return name;
  }
  const { offset } = wallClock(instant, timeZone);
  const minutes = Math.abs(offset) % HOUR_MINUTES;
  const hours = Math.trunc(Math.abs(offset) / HOUR_MINUTES);
  if (offset === 0) return "UTC";
  return `UTC${offset < 0 ? "-" : "+"}${hours}${minutes === 0 ? "" : `:${pad(minutes)}`}`;
}

function wallClock(instant: number, timeZone: string): WallClock {
  const parts = new Map(
    fieldsOf(timeZone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  );
  const field = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const [year, month, day] = [field("year"), field("month"), field("day")];
  const [hour, minute, second] = [field("hour"), field("minute"), field("second")];
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const offset = Math.round((wall - Math.floor(instant / 1_000) * 1_000) / MINUTE_MS);
  return { year, month, day, hour, minute, second, offset };
}

function fieldsOf(timeZone: string): Intl.DateTimeFormat {
  const known = fieldFormatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
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
  fieldFormatters.set(timeZone, formatter);
  return formatter;
}

function namesOf(timeZone: string): Intl.DateTimeFormat[] {
  const known = nameFormatters.get(timeZone);
  if (known !== undefined) return known;
  const formatters = ABBREVIATION_LOCALES.map(
    (locale) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" }),
  );
  nameFormatters.set(timeZone, formatters);
  return formatters;
}

/** `UTC` goes by several IANA names; London in winter is not one of them, its offset changes. */
function isUtc(timeZone: string): boolean {
  return fieldsOf(timeZone).resolvedOptions().timeZone === "UTC" || /^(etc\/)?(utc|gmt|uct|zulu)$/i.test(timeZone);
}

function isoOffset(minutesEast: number): string {
  const minutes = Math.abs(minutesEast);
  return `${minutesEast < 0 ? "-" : "+"}${pad(Math.trunc(minutes / HOUR_MINUTES))}:${pad(minutes % HOUR_MINUTES)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
