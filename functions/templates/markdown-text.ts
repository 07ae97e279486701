import type { Token } from "markdown-it";
import type { Locale } from "../core/locale.ts";
import { textPieces } from "./addresses.ts";
import { markdownTokens, oneLine } from "./markdown.ts";
import { stringsOf } from "./strings/strings-of.ts";

/**
 * What an operator wrote, for readers without HTML: mails' text, chats, previews. Words and signs replace what HTML
 * shows by its look. They mark what is struck out. Bars stand between the cells of a table's row. Lists keep their
 * markers. A link's address follows it in angle brackets, where no punctuation can get into it (RFC 3986, appendix C).
 */
export function markdownToText(source: string, locale: Locale, limit: number | null = null): string {
  return linesOf(markdownTokens(source, limit), locale, "")
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** The same on one line, where semicolons separate the rows of a table. */
export function markdownToLine(source: string, locale: Locale): string {
  return oneLine(linesOf(markdownTokens(source), locale, ";").join("\n"));
}

/** What stands before the lines of a list's item or of a quotation. */
interface Margin {
  /** Before the first line; null once that is written. */
  first: string | null;
  rest: string;
}

function linesOf(tokens: readonly Token[], locale: Locale, rowEnd: string): string[] {
  const lines: string[] = [];
  const margins: Margin[] = [];
  const lists: { next: number | null }[] = [];
  let row: string[] | null = null;
  const write = (text: string) => {
    for (const line of text.split("\n")) {
      const before = margins.map(({ first, rest }) => first ?? rest).join("");
      for (const margin of margins) margin.first = null;
      lines.push(`${before}${line}`);
    }
  };
  const endBlock = () => {
    if (lists.length === 0) lines.push("");
  };
  for (const token of tokens) {
    switch (token.type) {
      case "bullet_list_open":
        lists.push({ next: null });
        break;
      case "ordered_list_open":
        lists.push({ next: Number(token.attrGet("start") ?? 1) });
        break;
      case "bullet_list_close":
      case "ordered_list_close":
        lists.pop();
        endBlock();
        break;
      case "list_item_open": {
        const marker = nextMarker(lists.at(-1));
        margins.push({ first: marker, rest: " ".repeat(marker.length) });
        break;
      }
      case "list_item_close":
        if (margins.at(-1)?.first !== null) write("");
        margins.pop();
        break;
      case "blockquote_open":
        margins.push({ first: null, rest: "> " });
        break;
      case "blockquote_close":
        margins.pop();
        break;
      case "tr_open":
        row = [];
        break;
      case "tr_close":
        write(`${(row ?? []).join(" | ")}${rowEnd}`);
        row = null;
        break;
      case "inline": {
        const text = inlineText(token.children ?? [], locale);
        if (row === null) write(text);
        else row.push(oneLine(text));
        break;
      }
      case "fence":
      case "code_block":
        write(token.content.trimEnd());
        endBlock();
        break;
      case "hr":
        write("---");
        endBlock();
        break;
      case "paragraph_close":
      case "heading_close":
      case "table_close":
        endBlock();
        break;
      // The ends of any other block leave nothing in the text.
      default:
    }
  }
  return lines;
}

function nextMarker(list: { next: number | null } | undefined): string {
  if (list === undefined || list.next === null) return "- ";
  const marker = `${list.next}. `;
  list.next += 1;
  return marker;
}

/** A stretch of text, or an address that was written as such. */
type Piece = { text: string } | { address: string };

function inlineText(tokens: readonly Token[], locale: Locale): string {
  let pieces: Piece[] = [];
  /** For each open element, what stands before it. */
  const outer: Piece[][] = [];
  const links: { href: string; isAddress: boolean }[] = [];
  for (const token of tokens) {
    switch (token.type) {
      case "code_inline":
        pieces.push(isAddress(token.content) ? { address: token.content } : { text: token.content });
        break;
      case "text":
      case "text_special":
        pieces.push({ text: token.content });
        break;
      case "softbreak":
      case "hardbreak":
        pieces.push({ text: "\n" });
        break;
      case "link_open":
        // linkify and autolink: the link's text is its address, written for people.
        links.push({ href: String(token.attrGet("href") ?? ""), isAddress: token.markup !== "" });
        outer.push(pieces);
        pieces = [];
        break;
      case "link_close": {
        const link = links.pop();
        const label = joined(pieces);
        pieces = outer.pop() ?? [];
        if (link === undefined) pieces.push({ text: label });
        else pieces.push(linkPiece(label, link));
        break;
      }
      case "s_open":
        outer.push(pieces);
        pieces = [];
        break;
      case "s_close": {
        const [gone, before] = [
          stringsOf(locale).noLonger(joined([...pieces, { text: ")" }]).slice(0, -1)),
          outer.pop(),
        ];
        pieces = [...(before ?? []), { text: gone }];
        break;
      }
      // Emphasis, and what this version of Markdown ignores.
      default:
    }
  }
  return joined(pieces);
}

function isAddress(text: string): boolean {
  const [first, ...rest] = textPieces(text);
  return first?.kind === "address" && rest.length === 0 && !text.startsWith("<");
}

function linkPiece(label: string, { href, isAddress }: { href: string; isAddress: boolean }): Piece {
  if (/^mailto:/i.test(href)) {
    const [mailbox = ""] = href.slice("mailto:".length).split("?");
    return { text: label === mailbox || label === href || mailbox === "" ? label : `${label} <${mailbox}>` };
  }
  if (isAddress || label === href) return { address: href };
  return { text: `${label} <${href}>` };
}

/** An address stands alone, or between angle brackets if anything but white space follows it. */
function joined(pieces: readonly Piece[]): string {
  const written = pieces.filter((piece) => !("text" in piece) || piece.text !== "");
  return written
    .map((piece, index) => {
      if ("text" in piece) return piece.text;
      const next = written[index + 1];
      const follows = next === undefined ? "" : "text" in next ? next.text : next.address;
      return follows === "" || /^\s/.test(follows) ? piece.address : `<${piece.address}>`;
    })
    .join("");
}
