/**
 * GSM 03.38 (3GPP TS 23.038): the default alphabet, one septet each, and its extension table, two. A text of these
 * alone is sent as 160 septets a segment; one character outside makes it UCS-2 at 70 a segment, and dearer.
 */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

const SEPTETS = new Map<string, number>([
  ...[...BASIC].map((character): [string, number] => [character, 1]),
  ...[...EXTENSION].map((character): [string, number] => [character, 2]),
]);

/** What typography and other alphabets' letters become; accents over Latin letters are taken off by Unicode itself. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  "‘": "'",
  "’": "'",
  "‚": "'",
  "‛": "'",
  "′": "'",
  "`": "'",
  "´": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "‟": '"',
  "″": '"',
  "«": '"',
  "»": '"',
  "‹": "'",
  "›": "'",
  "‐": "-",
  "‑": "-",
  "‒": "-",
  "–": "-",
  "—": "-",
  "―": "-",
  "−": "-",
  "…": "...",
  "·": "-",
  "•": "-",
  "×": "x",
  "÷": "/",
  "⁄": "/",
  "→": "->",
  "←": "<-",
  "™": "(TM)",
  "©": "(C)",
  "®": "(R)",
  "°": "deg",
  "№": "No.",
  ẞ: "SS",
  Œ: "OE",
  œ: "oe",
  Ð: "D",
  ð: "d",
  Đ: "D",
  đ: "d",
  Þ: "Th",
  þ: "th",
  Ł: "L",
  ł: "l",
  ı: "i",
  Ħ: "H",
  ħ: "h",
  Α: "A",
  Β: "B",
  Ε: "E",
  Ζ: "Z",
  Η: "H",
  Ι: "I",
  Κ: "K",
  Μ: "M",
  Ν: "N",
  Ο: "O",
  Ρ: "P",
  Τ: "T",
  Υ: "Y",
  Χ: "X",
};

/** How many septets a text of GSM characters takes. */
export function septetsOf(text: string): number {
  let count = 0;
  for (const character of text) count += SEPTETS.get(character) ?? 1;
  return count;
}

export interface SmsSize {
  encoding: "GSM-7" | "UCS-2";
  /** Septets, or UTF-16 units. */
  units: number;
  /** How many SMS the text is sent, and paid for, as. */
  segments: number;
}

/** A text that needs several segments leaves room in each for the header that joins them (3GPP TS 23.040). */
export function smsSize(text: string): SmsSize {
  const gsm = isGsm(text);
  const units = gsm ? septetsOf(text) : text.length;
  const [alone, joined] = gsm ? [160, 153] : [70, 67];
  const segments = units <= alone ? 1 : Math.ceil(units / joined);
  return { encoding: gsm ? "GSM-7" : "UCS-2", units, segments };
}

export function isGsm(text: string): boolean {
  return [...text].every((character) => SEPTETS.has(character));
}

/** The text in GSM characters; emoji and what has no Latin likeness become nothing or a question mark. */
export function toGsm(text: string): string {
  const plain = [...text.normalize("NFC")].map(characterToGsm).join("");
  return plain.replace(/\s+/g, " ").trim();
}

function characterToGsm(character: string): string {
  // Line ends and form feed are GSM characters, but an SMS of ours is one line.
  if (/\s/u.test(character)) return " ";
  if (SEPTETS.has(character)) return character;
  const replacement = REPLACEMENTS[character];
  if (replacement !== undefined) return replacement;
  const bare = character.normalize("NFKD").replace(/\p{M}/gu, "");
  if (bare !== "" && bare !== character) return [...bare].map(knownOr).join("");
  return /[\p{Extended_Pictographic}\p{Cc}\p{Cf}\p{M}\p{Emoji_Modifier}]/u.test(character) ? "" : "?";
}

function knownOr(character: string): string {
  return SEPTETS.has(character) ? character : (REPLACEMENTS[character] ?? "?");
}

/** Cuts at a word so that at most `limit` septets remain; what was cut is told by three dots. */
export function cutToSeptets(text: string, limit: number): string {
  if (septetsOf(text) <= limit) return text;
  const dots = "...";
  let kept = "";
  let septets = dots.length;
  for (const character of text) {
    septets += septetsOf(character);
    if (septets > limit) break;
    kept += character;
  }
  const next = text.slice(kept.length, kept.length + 1);
  const lastSpace = kept.lastIndexOf(" ");
  const atWord = next === " " || lastSpace < kept.length / 2 ? kept : kept.slice(0, lastSpace);
  return limit < dots.length ? "" : `${atWord.replace(/[\s,:;-]+$/, "")}${dots}`;
}
