import type { StateCore, Token } from "markdown-it";
import { cutAtWord } from "./cut-at-word.ts";

type MakeToken = StateCore["Token"];

/**
 * How large a body may become. Markdown can say much with little: a table's rows are filled up to the width of its
 * head, and a definition of an address is written out wherever it is named. So 25,000 characters were 23 MB of HTML. A
 * text of 25,000 characters of any script stays below these bounds, and so do tables and lists that people read.
 */
export const HTML_LIMIT_BYTES = 150_000;
export const CELLS_LIMIT = 5_000;
/** Elements around a word. A list has two per level: itself and its item. */
export const NESTING_LIMIT = 40;

/** How many characters are shown of a text that is out of bounds. */
export const CUT_LENGTH = 2_000;

export type Excess =
  | { of: "nesting" }
  | { of: "cells"; cells: number }
  /** At least this many. */
  | { of: "html"; bytes: number };

/** Which bound the tokens exceed, found without writing them out; null: none. */
export function excessOf(tokens: readonly Token[]): Excess | null {
  let cells = 0;
  let size = 0;
  for (const token of tokens) {
    if (token.level > NESTING_LIMIT || (token.children ?? []).some(({ level }) => level > NESTING_LIMIT)) {
      return { of: "nesting" };
    }
    if (token.type === "td_open" || token.type === "th_open") cells += 1;
    size += sizeOf(token);
  }
  if (cells > CELLS_LIMIT) return { of: "cells", cells };
  return size > HTML_LIMIT_BYTES ? { of: "html", bytes: size } : null;
}

/** At least how many characters the token is written with. */
function sizeOf({ type, content, attrs, children, nesting, tag, hidden }: Token): number {
  const own = (type === "inline" ? 0 : content.length) + (nesting === 1 && !hidden ? tag.length + 2 : 0);
  const named = (attrs ?? []).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  return (children ?? []).reduce((sum, child) => sum + sizeOf(child), own + named);
}

/**
 * The start of a text, about `limit` characters: whole blocks as long as they fit, then only the words of the next one,
 * up to one that fits. So nothing is cut within a mark, a link or a cell.
 */
export function startOf(tokens: readonly Token[], limit: number, Make: MakeToken): Token[] {
  let room = limit;
  let from = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined || token.level !== 0 || token.nesting === 1) continue;
    const block = tokens.slice(from, index + 1);
    const size = block.reduce((sum, each) => sum + sizeOf(each), 0);
    if (size > room || excessOf(block) !== null) return [...tokens.slice(0, from), ...plainBlock(block, room, Make)];
    room -= size;
    from = index + 1;
  }
  return tokens.slice(0, from);
}

function plainBlock(block: readonly Token[], limit: number, Make: MakeToken): Token[] {
  return plainText(wordsOf(block, limit), limit, Make);
}

/** A paragraph of the first words as they stand, with an ellipsis at the end; none if there are no words. */
export function plainText(words: string, limit: number, Make: MakeToken): Token[] {
  if (words.trim() === "") return [];
  const lines = cutAtWord(`${words}\n…`, Math.max(limit, 2)).split("\n");
  const inline = new Make("inline", "", 0);
  inline.level = 1;
  inline.children = lines.flatMap((line, index) => [...(index === 0 ? [] : [lineBreak(Make)]), textOf(line, Make)]);
  const [open, close] = [new Make("paragraph_open", "p", 1), new Make("paragraph_close", "p", -1)];
  open.block = true;
  close.block = true;
  return [open, inline, close];
}

function lineBreak(Make: MakeToken): Token {
  return new Make("softbreak", "br", 0);
}

function textOf(line: string, Make: MakeToken): Token {
  const token = new Make("text", "", 0);
  token.content = line;
  return token;
}

/**
 * At most a little more than `limit` characters of what the tokens say: one line for each block that says anything, one
 * for a table's row.
 */
function wordsOf(tokens: readonly Token[], limit: number): string {
  const lines: string[] = [];
  let length = 0;
  let row: string[] | null = null;
  for (const { type, content, children } of tokens) {
    if (type === "tr_open") row = [];
    const said: string = type === "tr_close" ? (row ?? []).join(" | ") : saidIn(type, content, children);
    if (type === "tr_close") row = null;
    // Leave no half of a character if the first of a line is longer than the rest of the room.
    const line = said
      .slice(0, limit + 1)
      .replace(/[\uD800-\uDBFF]$/, "")
      .trim();
    if (line === "") continue;
    if (row === null) lines.push(line);
    else row.push(line);
    length += row === null ? line.length + 1 : 0;
    if (length > limit) break;
  }
  return lines.join("\n");
}

function saidIn(type: string, content: string, children: readonly Token[] | null): string {
  return type === "inline" ? (children ?? []).map(saidBy).join("") : content;
}

function saidBy({ type, content }: Token): string {
  switch (type) {
    case "softbreak":
    case "hardbreak":
      return "\n";
    // Text that is struck out must not read as if it held.
    case "s_open":
    case "s_close":
      return "~~";
    default:
      return content;
  }
}
