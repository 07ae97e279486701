import MarkdownIt, { type Token } from "markdown-it";

/**
 * What operators write. Raw HTML is shown as text, images are not loaded, links lead to http(s) and mailto only: the
 * allow-list of what a body can become is this configuration.
 */
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true }).disable(["image"]);

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i;
markdown.validateLink = (url) => SAFE_LINK.test(url.trim());
// Only what is written as an address becomes a link: "status.md" in a sentence is no domain.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

markdown.core.ruler.push("rel_on_links", (state) => {
  for (const { children } of state.tokens) if (children !== null) vetLinks(children);
});
// A link that leads nowhere, `[text]()`, is its text.
function vetLinks(tokens: Token[]): void {
  let leadsNowhere = false;
  for (const token of tokens) {
    if (token.type === "link_open") {
      leadsNowhere = !SAFE_LINK.test(String(token.attrGet("href") ?? ""));
      token.attrSet("rel", "noopener nofollow");
    }
    if (leadsNowhere && (token.type === "link_open" || token.type === "link_close")) {
      token.type = "text";
      token.content = "";
      token.attrs = null;
      token.nesting = 0;
    }
  }
}
// Alignment in tables would be an inline style, which the pages' policy refuses.
markdown.core.ruler.push("no_inline_style", (state) => {
  for (const token of state.tokens) {
    if (token.type === "th_open" || token.type === "td_open") token.attrs = null;
  }
});
// Headings inside an update stand below the page's own h1 to h3.
markdown.core.ruler.push("lower_headings", (state) => {
  for (const token of state.tokens) {
    if (token.type === "heading_open" || token.type === "heading_close") token.tag = "h4";
  }
});

/** Safe HTML, whatever the source. */
export function markdownToHtml(source: string): string {
  return markdown.render(withoutControls(source)).trim();
}

/** The same text for a reader without HTML: lists keep their dashes, links are followed by where they lead. */
export function markdownToText(source: string): string {
  const lines: string[] = [];
  const lists: { next: number | null }[] = [];
  let marker = "";
  let quoteDepth = 0;
  const push = (text: string) => {
    const indent = `${"> ".repeat(quoteDepth)}${"  ".repeat(Math.max(0, lists.length - 1))}`;
    const [first = "", ...rest] = text.split("\n");
    lines.push(`${indent}${marker}${first}`);
    for (const line of rest) lines.push(`${indent}${" ".repeat(marker.length)}${line}`);
    marker = "";
  };
  for (const token of markdown.parse(withoutControls(source), {})) {
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
        if (lists.length === 0) lines.push("");
        break;
      case "list_item_open":
        marker = nextMarker(lists.at(-1));
        break;
      case "blockquote_open":
        quoteDepth += 1;
        break;
      case "blockquote_close":
        quoteDepth -= 1;
        break;
      case "inline":
        push(inlineText(token.children ?? []));
        break;
      case "fence":
      case "code_block":
        push(token.content.trimEnd());
        lines.push("");
        break;
      case "hr":
        push("---");
        break;
      case "paragraph_close":
      case "heading_close":
        if (lists.length === 0) lines.push("");
        break;
      case "tr_close":
        lines.push("");
        break;
    }
  }
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function nextMarker(list: { next: number | null } | undefined): string {
  if (list === undefined || list.next === null) return "- ";
  const marker = `${list.next}. `;
  list.next += 1;
  return marker;
}

function inlineText(tokens: readonly Token[]): string {
  let text = "";
  let href = "";
  let linkStart = 0;
  for (const token of tokens) {
    switch (token.type) {
      case "text":
      case "code_inline":
      case "text_special":
        text += token.content;
        break;
      case "softbreak":
      case "hardbreak":
        text += "\n";
        break;
      case "link_open":
        href = String(token.attrGet("href") ?? "");
        linkStart = text.length;
        break;
      case "link_close": {
        const label = text.slice(linkStart);
        const target = href.replace(/^mailto:/i, "");
        if (target !== "" && label !== target && label !== decodedUri(target)) text += ` (${target})`;
        break;
      }
    }
  }
  return text;
}

function decodedUri(uri: string): string {
  try {
    return decodeURI(uri);
  } catch {
    return uri;
  }
}

/** What no XML, mail or page may hold: control characters other than tab and line end, halves of surrogate pairs. */
export function withoutControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/gu, "");
}

/** One line of plain text: for headers, titles and names. */
export function oneLine(text: string): string {
  return withoutControls(text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")).trim();
}

/** Cuts at a word so that at most `limit` characters remain, the ellipsis among them. */
export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const room = limit - 1;
  const cut = text.slice(0, room + 1);
  const space = cut.search(/\s\S*$/);
  const end = space > room / 2 ? space : room;
  // Never half of a surrogate pair.
  const whole = /[\uD800-\uDBFF]$/.test(text.slice(0, end)) ? end - 1 : end;
  return `${text.slice(0, whole).trimEnd()}…`;
}
