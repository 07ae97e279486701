import { isGsm } from "../../core/sms-size.ts";

/**
 * Characters with a likeness in GSM 03.38 that nobody takes for another: typography, letters with strokes, Greek
 * capitals that look Latin.
 */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  "‘": "'",
  "’": "'",
  "‚": "'",
  "‛": "'",
  "′": "'",
  "`": "'",
  ʼ: "'",
  ʻ: "'",
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
  "±": "+/-",
  "≤": "<=",
  "≥": ">=",
  "≈": "~",
  µ: "u",
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
  Ŧ: "T",
  ŧ: "t",
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

/**
 * The text in characters of GSM 03.38. Accents that it lacks are taken off, typography becomes ASCII, and invisible
 * characters are left out. Null if a character has no likeness, such as a Cyrillic letter or an emoji: then the text
 * has to be sent as UCS-2, all of it as it is.
 */
export function toGsm(text: string): string | null {
  if (SAYS_MORE.test(text.normalize("NFD"))) return null;
  let plain = "";
  for (const character of text.normalize("NFC")) {
    const likeness = likenessOf(character);
    if (likeness === null) return null;
    plain += likeness;
  }
  return plain.replace(/ +/g, " ").trim();
}

/**
 * Characters that would say something else without their marks. An overlay strikes a sign out (`≠` is no `=`), and
 * small digits after a number are no further digits of it (`10⁶`, `1½`).
 */
const SAYS_MORE = /[\u0334-\u0338\u20D2-\u20D3\u20D8-\u20DA\u20E0\u20E5-\u20EB]|\p{N}[\p{No}⁺⁻]/u;

function likenessOf(character: string): string | null {
  // Line ends and form feed are GSM characters, but our SMS is one line.
  if (/\s/u.test(character)) return " ";
  if (isGsm(character)) return character;
  const replacement = REPLACEMENTS[character];
  if (replacement !== undefined) return replacement;
  // Marks that do not join the character before to one letter, and invisible characters.
  if (/[\p{M}\p{Cc}\p{Cf}]/u.test(character)) return "";
  const bare = character.normalize("NFKD").replace(/\p{M}/gu, "");
  if (bare === "" || bare === character) return null;
  const parts = [...bare].map((part) => (isGsm(part) ? part : REPLACEMENTS[part]));
  return parts.every((part) => part !== undefined) ? parts.join("") : null;
}
