import * as z from "zod/mini";

/**
 * Names of the IANA database (its file `tzdata.zi` of 2026) that Intl takes and lists under an older name, because CLDR
 * never renames a zone. People who live there expect today's name. The names of no place are here too.
 */
const OTHER_NAMES = [
  "Africa/Asmara",
  "America/Argentina/Buenos_Aires",
  "America/Argentina/Catamarca",
  "America/Argentina/Cordoba",
  "America/Argentina/Jujuy",
  "America/Argentina/Mendoza",
  "America/Atikokan",
  "America/Indiana/Indianapolis",
  "America/Kentucky/Louisville",
  "America/Nuuk",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Atlantic/Faroe",
  "Europe/Kyiv",
  "Pacific/Chuuk",
  "Pacific/Kanton",
  "Pacific/Pohnpei",
  "UTC",
  "Etc/UTC",
  "GMT",
  "Etc/GMT",
];

let spellings: ReadonlyMap<string, string> | null = null;

function spellingOf(zone: string): string | undefined {
  spellings ??= new Map(
    [...Intl.supportedValuesOf("timeZone"), ...OTHER_NAMES].map((name) => [name.toLowerCase(), name]),
  );
  return spellings.get(zone.toLowerCase());
}

// All in the IANA database. Intl takes others of three letters too, but for other places than most writers mean: BST is
// Dhaka's.
const SHORT_NAMES: ReadonlySet<string> = new Set("CET EET EST HST MET MST PRC ROC ROK UCT WET".split(" "));

/**
 * The zone's name as the IANA database spells it, whatever its case. An alias such as US/Eastern becomes its zone. Null
 * for what is no such name, offsets included: JavaScript takes those, but hardly any other reader of what we publish
 * does.
 */
export function timeZoneOf(given: string): string | null {
  const name = given.trim().replace(/ /g, "_");
  const spelled = spellingOf(name);
  if (spelled !== undefined) return spelled;
  if (/^[+-]/.test(name) || (/^[a-z]{3}$/i.test(name) && !SHORT_NAMES.has(name.toUpperCase()))) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** A stored name, perhaps from when more was taken: any zone for which Intl knows the time. */
export const storedTimeZoneSchema = z.string().check(
  z.refine((stored) => isKnown(stored), "must be an IANA time zone such as Europe/Berlin"),
  z.overwrite((stored) => timeZoneOf(stored) ?? stored),
);

function isKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return timeZoneOf(zone) !== null;
  }
}

export const timeZoneSchema = z.string().check(
  z.refine((given) => timeZoneOf(given) !== null, "must be an IANA time zone such as Europe/Berlin"),
  z.overwrite((given) => timeZoneOf(given) ?? given),
);
