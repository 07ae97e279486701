import MarkdownIt, { type StateCore, type Token } from "markdown-it";
import { cleanLink, showsSomething } from "../core/invisible.ts";
import { withoutEnd } from "../core/without-end.ts";
import { escapeHtml } from "./escape-html.ts";
import { CUT_LENGTH, type Excess, excessOf, HTML_LIMIT_BYTES, plainText, startOf } from "./markdown-bounds.ts";

/**
 * What operators write. Raw HTML is shown as text, images become links, and links lead only to http(s) and mailto. This
 * configuration is the allow-list of what a body can become.
 */
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true });

/** Whether a link may lead there: somewhere else, by http(s), or to a mailbox. */
function isSafe(address: string): boolean {
  return /^mailto:/i.test(address) || (/^https?:\/\//i.test(address) && URL.canParse(address));
}

// Links are checked below, once they are read. Refused here, a link would stay in the text as it was typed, brackets
// and all. While blocks are read, only definitions are asked about: `definesAddress` says which lines are one.
let definesAddress: ((address: string) => boolean) | null = null;
markdown.core.ruler.after("block", "end_blocks", () => {
  definesAddress = null;
});
markdown.validateLink = (url) => definesAddress === null || definesAddress(url);
// Invisible characters that were pasted with an address lead nowhere.
const normalized = markdown.normalizeLink.bind(markdown);
markdown.normalizeLink = (url) => normalized(cleanLink(url));
// Only text written as an address becomes a link: "status.md" in a sentence is no domain.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Marks and entities at the end of an address belong to the text around it (GFM 6.9): `~~see https://status.example/x~~`.
const lengthOfAddress = markdown.linkify.testSchemaAt.bind(markdown.linkify);
markdown.linkify.testSchemaAt = (text, schema, from) => {
  const end = from + lengthOfAddress(text, schema, from);
  const found = text.slice(from, end);
  const entity = found.lastIndexOf("&");
  const isEntity = text.charAt(end) === ";" && /^&[A-Za-z0-9]+$/.test(found.slice(entity));
  return withoutEnd(isEntity ? found.slice(0, entity) : found, /[*_~.,:!?]$/).length;
};

// A reference to a character that no page, mail or feed may hold stays as it was typed.
markdown.inline.ruler2.push("vet_entities", ({ tokens }) => {
  for (const token of tokens) {
    const isOne =
      token.info === "entity" && token.content !== "\ufffd" && withoutControls(token.content) === token.content;
    if (token.info === "entity" && !isOne) token.content = token.markup;
  }
});
markdown.core.ruler.push("images_are_links", (state) => {
  const { env, Token } = state;
  for (const token of state.tokens) {
    if (token.children !== null) token.children = withoutImages(token.children, Token, env);
  }
});

/** An image becomes its description, which leads to it. Within a link it becomes only the description. */
function withoutImages(tokens: readonly Token[], Make: StateCore["Token"], env: StateCore["env"]): Token[] {
  let linkDepth = 0;
  return tokens.flatMap((token) => {
    linkDepth += token.nesting * Number(token.tag === "a");
    if (token.type !== "image") return [token];
    const src = String(token.attrGet("src") ?? "");
    const isLinked = linkDepth === 0 && isSafe(src);
    const alt = textToken(
      markdown.renderer.renderInlineAsText(token.children ?? [], markdown.options, env).trim(),
      Make,
    );
    if (!isLinked) return [alt];
    const open = new Make("link_open", "a", 1);
    open.attrs = [["href", src]];
    return [open, alt, new Make("link_close", "a", -1)];
  });
}

markdown.core.ruler.push("vet_links", ({ tokens, Token }) => {
  for (const token of tokens) if (token.children !== null) token.children = vetted(token.children, Token);
});
/**
 * A link that leads nowhere, or where links must not lead, becomes its text. Relative ones do too: they mean nothing in
 * a mail. A link that shows nothing becomes its address.
 */
function vetted(tokens: readonly Token[], Make: StateCore["Token"]): Token[] {
  const dropped = new Set<Token>();
  const unseen = new Map<Token, string>();
  let open: Token | null = null;
  let label: Token[] = [];
  for (const token of tokens) {
    if (token.type === "link_open") {
      [open, label] = [token, []];
    } else if (token.type !== "link_close" || open === null) {
      label.push(token);
    } else {
      const address = String(open.attrGet("href") ?? "");
      if (!isSafe(address)) {
        dropped.add(open).add(token);
      } else if (!showsSomething(label.map(({ content }) => content).join(""))) {
        for (const each of label) dropped.add(each);
        unseen.set(token, address);
      }
      open.attrSet("rel", "noopener nofollow");
      const title = open.attrGet("title");
      if (title !== null) open.attrSet("title", oneLine(String(title)));
      open = null;
    }
  }
  return tokens.flatMap((token) => {
    const address = unseen.get(token);
    if (address !== undefined) return [textToken(address, Make), token];
    return dropped.has(token) ? [] : [token];
  });
}

function textToken(content: string, Make: StateCore["Token"]): Token {
  const token = new Make("text", "", 0);
  token.content = content;
  return token;
}
// One word after a fence names a language. More words are the first line of what somebody quotes: chats take it so.
markdown.core.ruler.push("keep_first_lines", ({ tokens }) => {
  for (const token of tokens) {
    const first = token.type === "fence" ? token.info.trim() : "";
    if (/\s/.test(first)) token.content = `${first}\n${token.content}`;
  }
});
// Alignment in tables would be an inline style, which the pages' policy refuses.
markdown.core.ruler.push("no_inline_style", (state) => {
  for (const token of state.tokens) {
    if (token.type === "th_open" || token.type === "td_open") token.attrs = null;
  }
});
// What may be wider than a phone scrolls by itself, also by keys (WCAG 2.1.1).
markdown.renderer.rules.code_block = codeBlock;
markdown.renderer.rules.fence = codeBlock;
markdown.renderer.rules.table_open = (tokens, index, options, _, renderer) =>
  `<div class="table" tabindex="0">${renderer.renderToken(tokens, index, options)}`;
markdown.renderer.rules.table_close = () => "</table></div>\n";
function codeBlock(tokens: readonly Token[], index: number): string {
  return `<pre tabindex="0"><code>${escapeHtml(tokens[index]?.content ?? "")}</code></pre>\n`;
}
// Each block of text written from right to left is set so. Other text needs no attribute. A block that holds blocks
// goes by its first letter, because `auto` looks past what has a direction of its own (HTML, "the auto
// directionality").
markdown.core.ruler.push("direction", ({ src, tokens }) => {
  if (!RIGHT_TO_LEFT.test(src)) return;
  for (const [index, token] of tokens.entries()) {
    if (DIRECTED.has(token.type)) token.attrSet("dir", "auto");
    if (!HOLDERS.has(token.type)) continue;
    const [letter = ""] =
      /\p{L}/u.exec(
        tokens
          .slice(index, index + FIRST_TEXT)
          .map(textIn)
          .join(""),
      ) ?? [];
    if (RIGHT_TO_LEFT.test(letter)) token.attrSet("dir", "rtl");
  }
});
const DIRECTED = new Set(["paragraph_open", "heading_open", "th_open", "td_open"]);
const HOLDERS = new Set(["bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"]);
/** Tokens up to the first text within a block that holds blocks. Nobody writes deeper nesting. */
const FIRST_TEXT = 12;
function textIn(token: Token): string {
  return token.type === "inline" ? token.content : "";
}
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
// Headings inside an update rank below the page's own h1 to h3.
markdown.core.ruler.push("lower_headings", (state) => {
  for (const token of state.tokens) {
    if (token.type === "heading_open" || token.type === "heading_close") token.tag = "h4";
  }
});

// markdown-it gives its tokens' class only to rules.
const { Token: Make } = new markdown.core.State("", markdown, {});

/** A source as it was read. */
interface Reading {
  tokens: readonly Token[];
  html: string;
  /** Why the tokens are only a start of it; null: they are all of it. */
  excess: Excess | null;
}

/** How many characters of sources stay read: one rendering of an update reads each body for many texts. */
const KEPT_LENGTH = 500_000;
/** No source today is longer. Whatever the table holds, only this much of it is read. */
const LONGEST_SOURCE = 60_000;
const readings = new Map<string, Reading>();
let kept = 0;

/** Each source is parsed once, whatever it is read for. The oldest ones are forgotten. */
function readingOf(source: string): Reading {
  const known = readings.get(source);
  if (known !== undefined) return known;
  const reading = read(source);
  readings.set(source, reading);
  kept += source.length;
  for (const old of readings.keys()) {
    if (kept <= KEPT_LENGTH || old === source) break;
    readings.delete(old);
    kept -= old.length;
  }
  return reading;
}

function read(source: string): Reading {
  const isLong = source.length > LONGEST_SOURCE;
  const tokens = parsed(withoutControls(isLong ? source.slice(0, LONGEST_SOURCE) : source));
  const whole = excessOf(tokens);
  const html = whole === null ? written(tokens) : "";
  const bytes = Buffer.byteLength(html);
  const excess: Excess | null =
    whole ?? (isLong || bytes > HTML_LIMIT_BYTES ? { of: "html", bytes: Math.max(bytes, source.length) } : null);
  if (excess === null) return { tokens, html, excess };
  const start = startOf(tokens, CUT_LENGTH, Make);
  // What is nested beyond markdown-it's own limit is in no token. Then the source is shown as it is.
  const shown = start.length > 0 ? start : plainText(withoutControls(source), CUT_LENGTH, Make);
  return { tokens: shown, html: written(shown), excess };
}

function parsed(text: string): Token[] {
  const first = parsedWith(text, (address) => isSafe(address) || /[/#?]|\.\p{L}/u.test(address));
  const named = labelsIn(text);
  const isMeant = (label: string, address: string) => first.used.has(label) && (isSafe(address) || named.has(label));
  const defined = Object.entries(first.definitions);
  const meant = defined.filter(([label, { href }]) => isMeant(label, href));
  if (meant.length === defined.length) return first.tokens;
  // "[Dashboard]: https://…" that nothing refers to is what somebody wanted to say. As a definition it would vanish.
  const addresses = new Set(meant.map(([, { href }]) => href));
  return parsedWith(text, (address) => addresses.has(address)).tokens;
}

/**
 * The labels of `[text][label]` and `[label][]`. An address that links must not lead to counts as a definition only if
 * it is meant so beyond doubt: "[ETA]: 14:00/15:00" stays in the text, although there is "see [ETA]" below.
 */
function labelsIn(text: string): Set<string> {
  const labels = [...text.matchAll(/\]\[([^[\]]+)\]|\[([^[\]]+)\]\[\]/g)];
  return new Set(labels.map(([, full, collapsed]) => markdown.utils.normalizeReference(full ?? collapsed ?? "")));
}

type Definitions = NonNullable<StateCore["env"]["references"]>;

/** `defines` is asked for the address of what looks like a definition. */
function parsedWith(text: string, defines: (address: string) => boolean) {
  const definitions: Definitions = Object.create(null);
  /** Labels that something refers to. */
  const used = new Set<string>();
  const references = new Proxy(definitions, {
    get(known, label) {
      if (typeof label !== "string") return undefined;
      if (definesAddress === null && label in known) used.add(label);
      return known[label];
    },
  });
  definesAddress = defines;
  return { tokens: markdown.parse(text, { references }), definitions, used };
}

function written(tokens: readonly Token[]): string {
  return markdown.renderer.render([...tokens], markdown.options, {}).trim();
}

/**
 * Safe HTML, whatever the source. If it would become more than a reader's device or a mail can take, only its start.
 * `limit`: about how many characters are shown at most; null: all.
 */
export function markdownToHtml(source: string, limit: number | null = null): string {
  return limit === null ? readingOf(source).html : written(markdownTokens(source, limit));
}

/** The source as tokens, checked: every link in them may be followed, and no image is left. */
export function markdownTokens(source: string, limit: number | null = null): readonly Token[] {
  const { tokens } = readingOf(source);
  return limit === null ? tokens : startOf(tokens, limit, Make);
}

/** Why only the start of the source is shown anywhere; null: all of it is shown. */
export function markdownExcess(source: string): Excess | null {
  return readingOf(source).excess;
}

/** Characters that no XML, mail or page may hold: controls other than tab and line end, halves of surrogate pairs. */
function withoutControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/gu, "");
}

/** One line of plain text: for headers, titles and names. */
export function oneLine(text: string): string {
  return withoutControls(text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")).trim();
}
