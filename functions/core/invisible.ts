import { withoutEnd } from "./without-end.ts";

/**
 * Characters that are pasted along with an address and cannot be seen: zero-width characters, bidirectional marks and
 * overrides (such as those that address books put around phone numbers), soft hyphens, byte order marks, fillers that
 * look like nothing.
 */
const UNSEEN =
  /[\u00AD\u061C\u115F\u1160\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E007F}]|\p{Variation_Selector}|\u034F|\u17B4|\u17B5|\u180E/gu;

// Words of other scripts, and emoji, need these: joiners stand between two of their parts, and U+FE0F follows a picture
// that is to be in colour.
const PART = String.raw`(?![A-Za-z])\p{L}|\p{M}|\p{Extended_Pictographic}`;
const OF_WORDS = /[\uFE0F\u200C\u200D]/;
const STRAY_JOINER = new RegExp(
  String.raw`(?<!${PART}|\p{Emoji_Modifier})[\u200C\u200D]|[\u200C\u200D](?!${PART})`,
  "gu",
);
const STRAY_SELECTOR = /(?<!\p{Extended_Pictographic})\uFE0F/gu;

/**
 * The text without what cannot be seen, except what words and emoji are made with: `نامه‌ای` and `نامهای` are two
 * domains.
 */
function withoutUnseen(text: string): string {
  return text
    .replace(UNSEEN, (character) => (OF_WORDS.test(character) ? character : ""))
    .replace(STRAY_SELECTOR, "")
    .replace(STRAY_JOINER, "");
}

/** The forms in which East Asian keyboards write ASCII. */
const FULL_WIDTH = /[\uFF01-\uFF5E]/g;
const TO_ASCII = 0xfee0;

/**
 * An address, phone number or code as it was meant: nothing unseen in it, ASCII written as such, any space a plain one,
 * and none around it.
 */
export function cleanAddress(given: string): string {
  return withoutUnseen(given)
    .replace(FULL_WIDTH, (character) => String.fromCharCode(character.charCodeAt(0) - TO_ASCII))
    .replace(/[\p{Zs}\p{Zl}\p{Zp}]/gu, " ")
    .trim();
}

// The same, percent-encoded as browsers paste it. Joiners stay, because words of other scripts need them. At the end
// joiners, no-break spaces and line ends go too.
const ENCODED = /%C2%AD|%CD%8F|%D8%9C|%E2%80%(?:8[BEF]|A[A-E])|%E2%81%A[0-9A-F]|%E3%85%A4|%EF%BB%BF/gi;
const ENCODED_END = /(?:%C2%A0|%E2%80%8[0-9A-F]|%E2%80%AF|%E3%80%80|%0[0-9A-F])$/i;
const LONGEST_ENCODED = "%E2%80%8F".length;

/** A web address as it was meant. */
export function cleanUrl(given: string): string {
  return cleanLink(cleanAddress(given).replace(ENCODED, "")).trim();
}

/** A link that somebody put into a text. Only what cannot be seen changes. */
export function cleanLink(given: string): string {
  return withoutEnd(withoutUnseen(given), ENCODED_END, LONGEST_ENCODED);
}

// Overrides and embeddings would reach beyond the name; a byte order mark is no part of it. Joiners stay within it,
// because emoji and Persian and Indic words are made with them.
const NEVER_IN_NAMES = /[\u202A-\u202E\uFEFF]/g;
const AROUND = String.raw`[\s\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2060-\u2069\u2800\u3164\uFFA0]`;
const BEFORE = new RegExp(String.raw`^(?:${AROUND}|[\u200C\u200D])+`);
// An Indic word may end with a joiner after a mark.
const AFTER = new RegExp(String.raw`(?:${AROUND}|(?<!\p{M})[\u200C\u200D])$`, "u");
/** A joiner, and before it a mark of two code units. */
const LONGEST_AFTER = 3;

/** A name or any other line that people read, as it was meant. */
export function cleanLine(given: string): string {
  const shown = withoutEnd(given.replace(NEVER_IN_NAMES, "").replace(BEFORE, ""), AFTER, LONGEST_AFTER);
  return isClosed(shown) ? shown : shown.replace(ISOLATES, "");
}

const ISOLATES = /[\u2066-\u2069]/g;

/** Whether each isolate within the name ends there. One that is left open reaches to the end of the line. */
function isClosed(name: string): boolean {
  let open = 0;
  for (const [mark] of name.matchAll(ISOLATES)) {
    open += mark === "\u2069" ? -1 : 1;
    if (open < 0) return false;
  }
  return open === 0;
}

/** Whether anything of the text can be seen. */
export function showsSomething(text: string): boolean {
  return /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u.test(text);
}

/** The first character that cannot be seen, except those that emoji and words are made with; null: there is none. */
export function unseenIn(text: string): string | null {
  const found = text
    .replace(/[\u200C\u200D]|\p{Variation_Selector}/gu, (part) => "x".repeat(part.length))
    .search(UNSEEN);
  return found < 0 ? null : characterAt(text, found);
}

/** Names a character that must not be there, for people: `“ä” (U+00E4) at position 3`. Positions begin with 1. */
export function characterAt(text: string, index: number): string {
  const code = text.codePointAt(index) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const position = [...text.slice(0, index)].length + 1;
  const shown = String.fromCodePoint(code);
  return showsSomething(shown) ? `“${shown}” (${name}) at position ${position}` : `${name} at position ${position}`;
}

/**
 * The token of a link, or a key, without what stood around it when it was pasted: full stops, brackets and quotation
 * marks, as they are, percent-encoded or as entities, and the line ends and soft breaks of mails within it. None of
 * these can be part of a token. Whatever else is wrong with it stays.
 */
export function cleanToken(given: string): string {
  const bare = decodedOnce(given)
    .replace(UNSEEN, "")
    .replace(/=?\s+/g, "")
    .replace(/&(?:[a-z]{2,6}|#x?[0-9a-f]{1,6});?$/i, "")
    .replace(/^[^A-Za-z0-9]+/, "");
  return withoutEnd(bare, /[^A-Za-z0-9_-]$/);
}

function decodedOnce(given: string): string {
  try {
    return decodeURIComponent(given);
  } catch {
    return given;
  }
}
