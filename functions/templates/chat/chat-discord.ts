import { textPieces } from "../addresses.ts";
import { cutAtWord } from "../cut-at-word.ts";
import { MAIL_COLOURS } from "../tone.ts";
import type { ChatPost } from "./chat-post.ts";

/** Discord's limits of an embed, in characters: for each part, and for all together. */
const TITLE_LIMIT = 256;
const DESCRIPTION_LIMIT = 4_096;
const FIELD_VALUE_LIMIT = 1_024;
const FOOTER_LIMIT = 2_048;
const TOTAL_LIMIT = 6_000;
/** A limit of our own, so that the description always has room. */
const FOOTER_CUT = 300;

/** One embed. It mentions nobody, whatever the text says. */
export function discordBody({ label, title, body, facts, footer, tone, url }: ChatPost) {
  const embedTitle = escapeWithin(`${label}: ${title}`, TITLE_LIMIT);
  const fields = facts.map(([name, value]) => ({ name, value: escapeWithin(value, FIELD_VALUE_LIMIT) }));
  // Discord shows a footer as plain text.
  const footerText = cutAtWord(footer, Math.min(FOOTER_CUT, FOOTER_LIMIT));
  const used = [embedTitle, footerText, ...fields.flatMap(({ name, value }) => [name, value])].join("").length;
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: embedTitle,
        url: new URL(url).href,
        ...(body === "" ? {} : { description: escapeWithin(body, Math.min(DESCRIPTION_LIMIT, TOTAL_LIMIT - used)) }),
        color: Number.parseInt(MAIL_COLOURS[tone].solid.slice(1), 16),
        ...(fields.length === 0 ? {} : { fields }),
        footer: { text: footerText },
      },
    ],
  };
}

/** ASCII that can be part of Discord's Markdown, or of a mention, an emoji or a timestamp. */
const SPECIAL = /[\\`*_~|<>#@:()[\]{}!.+-]/;

/**
 * The text with a backslash before every special character, cut so that at most `limit` characters remain. Addresses
 * stay as they are. Discord takes all up to white space or `<` for one, a backslash too. So angle brackets, which
 * Discord does not show, keep off what follows.
 */
export function escapeWithin(text: string, limit: number): string {
  let escaped = "";
  for (const piece of discordPieces(text)) {
    // Room for the ellipsis, unless this is the end.
    if (escaped.length + piece.length > limit - 1) return `${escaped.trimEnd()}…`;
    escaped += piece;
  }
  return escaped;
}

function discordPieces(text: string): string[] {
  const pieces = textPieces(text);
  return pieces.flatMap((piece, index) => {
    if (piece.kind === "text") return [...piece.text].map(escapedCharacter);
    const isAlone = piece.text.startsWith("<") || /^(?:\s|$)/.test(pieces[index + 1]?.text ?? "");
    return [isAlone ? piece.text : `<${piece.text}>`];
  });
}

function escapedCharacter(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character;
}
