/**
 * Web addresses within text that people wrote. Whatever is done to the text around them, no character of theirs may
 * change.
 */
export interface TextPiece {
  /** The address, bare or with its angle brackets. */
  kind: "text" | "address";
  text: string;
}

// A character that RFC 3986 has no place for ends an address, and so does one that nobody can see. Words of any script
// do not end it (RFC 3987), nor do the joiners within them.
const PART = String.raw`(?:[^\s<>"\\^\x60{|}\p{C}]|[\u200C\u200D](?=[\p{L}\p{M}\p{Extended_Pictographic}]))+`;
const ADDRESS = new RegExp(String.raw`<https?:\/\/${PART}>|https?:\/\/${PART}`, "giu");

/** The text, cut up at its addresses. The pieces joined again are the text. */
export function textPieces(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let last = 0;
  const push = (kind: TextPiece["kind"], from: number, until: number) => {
    if (until > from) pieces.push({ kind, text: text.slice(from, until) });
  };
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.startsWith("<") ? found : withoutPunctuation(found);
    if (!URL.canParse(address.replace(/^<|>$/g, ""))) continue;
    push("text", last, index);
    push("address", index, index + address.length);
    last = index + address.length;
  }
  push("text", last, text.length);
  return pieces;
}

/** The end of a sentence is no part of the address before it. A closing bracket is one if it was opened within. */
function withoutPunctuation(found: string): string {
  const unopened = { ")": unopenedIn(found, "(", ")"), "]": unopenedIn(found, "[", "]") };
  let end = found.length;
  for (; end > 0; end -= 1) {
    const last = found.charAt(end - 1);
    if (last === ")" || last === "]") {
      if (unopened[last] <= 0) break;
      unopened[last] -= 1;
    } else if (!".,:;!?'*~".includes(last)) break;
  }
  return found.slice(0, end);
}

function unopenedIn(text: string, opener: string, closer: string): number {
  return text.split(closer).length - text.split(opener).length;
}

/**
 * Where the text can end, at `end` or before it, without leaving half an address or half of what readers see as one
 * character.
 */
export function wholeUntil(text: string, end: number): number {
  if (end >= text.length) return text.length;
  let from = 0;
  for (const { kind, text: piece } of textPieces(text)) {
    if (kind === "address" && from < end && end < from + piece.length) return from;
    from += piece.length;
    if (from >= end) break;
  }
  return wholeCharacters(text, end);
}

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });
/** UTF-16 units of the longest emoji in use, with room to spare. A longer one is not kept whole. */
const LONGEST = 64;

function wholeCharacters(text: string, end: number): number {
  // A short piece is enough, and keeps long texts cheap.
  const from = pairBefore(text, Math.max(0, end - LONGEST));
  const character = characters.segment(text.slice(from, end + LONGEST)).containing(end - from);
  return character === undefined || character.index === 0 ? pairBefore(text, end) : from + character.index;
}

function pairBefore(text: string, end: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(end - 1, end + 1)) ? end - 1 : end;
}
