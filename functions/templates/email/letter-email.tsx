import type { Locale } from "../../core/locale.ts";
import type { Branding } from "../../core/page.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { Fact } from "../fact.ts";
import { oneLine } from "../markdown.ts";
import type { Strings, Words } from "../strings/strings.ts";
import { stringsOf } from "../strings/strings-of.ts";
import type { Tone } from "../tone.ts";
import { EmailButton, EmailFacts, EmailHeadline, EmailLink, EmailRow, renderEmail } from "./email-layout.tsx";
import { composeMail, mailHost } from "./email-skeleton.ts";

/** What every mail is made from that belongs to no update. */
export interface LetterMail {
  pageName: string;
  /** Without a trailing slash. */
  pageUrl: string;
  /** The reader's language. */
  locale: Locale;
  branding: Branding;
  to: string;
  /** Address that the mail is from; its display name is the page's. */
  mailFrom: string;
}

/** In place of `mailFrom` where there is none: such a letter is made, as others are, and goes nowhere (`noLetters`). */
export const NO_SENDER = "nobody@slot.invalid";

/** Something in a sentence that is more than text. */
export type Inline = { link: string; url: string } | { strong: string };

type Block =
  | { kind: "text"; words: Words<Inline> }
  | { kind: "facts"; facts: readonly Fact[] }
  | { kind: "button"; label: string; url: string }
  /** A button whose address is written out as well, and how many days it works. */
  | { kind: "link"; label: string; url: string; days: number };

export interface LetterContent {
  subject: string;
  preheader: string;
  headline: string;
  tone: Tone;
  blocks: readonly Block[];
  footer: string | Words<Inline>;
  /** The identity of this letter: its Message-ID derives from it. It holds no secret. */
  seed: string;
}

/** One letter to one recipient, HTML and text from the same blocks: whole RFC 5322 text. */
export function composeLetter(mail: LetterMail, content: LetterContent): Promise<string> {
  return composeMail({
    from: { name: oneLine(mail.pageName), address: mail.mailFrom },
    host: mailHost(mail.mailFrom),
    to: mail.to,
    subject: content.subject,
    text: letterText(mail, content),
    html: letterHtml(mail, content),
    seed: content.seed,
    date: null,
    thread: null,
    headers: {},
  });
}

/** Below every mail to an endpoint's contact: somebody whom another person named can end it. */
export function contactFooter(
  declineUrl: string | null,
  { ignore, decline }: Pick<Strings["letters"], "ignore" | "decline">,
): string | Words<Inline> {
  if (declineUrl === null) return ignore;
  return [`${ignore} `, ...decline((link): Inline => ({ link, url: declineUrl }))];
}

/** The page in a sentence: its name, which leads to it. */
export function pageLink({ pageName, pageUrl }: LetterMail): Inline {
  return { link: oneLine(pageName), url: pageUrl };
}

function letterText({ locale }: LetterMail, { headline, blocks, footer }: LetterContent): string {
  return [
    headline,
    ...blocks.map((block) => blockText(block, locale)),
    `----------\n${[footer].flat().map(inlineText).join("")}`,
    "",
  ].join("\n\n");
}

function blockText(block: Block, locale: Locale): string {
  switch (block.kind) {
    case "text":
      return block.words.map(inlineText).join("");
    case "facts":
      return block.facts.map(([name, value]) => `${name}: ${value}`).join("\n");
    case "button":
      return `${block.label}:\n${block.url}`;
    case "link":
      return `${block.label}:\n${block.url}\n\n${stringsOf(locale).letters.linkWorks(block.days)}`;
  }
}

function inlineText(part: string | Inline): string {
  if (typeof part === "string") return part;
  return "strong" in part ? part.strong : `${part.link} <${part.url}>`;
}

function letterHtml({ pageName, locale, branding }: LetterMail, content: LetterContent): string {
  return renderEmail({
    title: content.subject,
    preheader: content.preheader,
    page: { name: pageName, locale, branding: branding },
    tone: content.tone,
    children: (
      <>
        <EmailRow padding="8px 36px 0">
          <EmailHeadline>{content.headline}</EmailHeadline>
        </EmailRow>
        {content.blocks.map((block, index) => (
          <EmailRow key={block.kind} padding={index === content.blocks.length - 1 ? "18px 36px 30px" : "18px 36px 0"}>
            <BlockHtml block={block} locale={locale} />
          </EmailRow>
        ))}
      </>
    ),
    footer: <InWords words={[content.footer].flat()} />,
  });
}

function BlockHtml({ block, locale }: { block: Block; locale: Locale }) {
  switch (block.kind) {
    case "text":
      return (
        <div class="prose" style="color:#2c343f">
          <InWords words={block.words} />
        </div>
      );
    case "facts":
      return <EmailFacts facts={block.facts} />;
    case "button":
      return <EmailButton href={block.url}>{block.label}</EmailButton>;
    case "link": {
      const { linkWorks, fallback } = stringsOf(locale).letters;
      return (
        <>
          <EmailButton href={block.url}>{block.label}</EmailButton>
          <div class="ink-3" style="padding-top:18px;font-size:14px;line-height:22px;color:#5f6875">
            {linkWorks(block.days)} {fallback}
            <br />
            <a class="link" href={block.url} style="color:#1b57c4;word-break:break-all">
              {block.url}
            </a>
          </div>
        </>
      );
    }
    default:
      return unreachable(block);
  }
}

function InWords({ words }: { words: Words<Inline> }) {
  return (
    <>{words.map((part) => (typeof part === "string" ? part : <InlineHtml key={inlineText(part)} part={part} />))}</>
  );
}

function InlineHtml({ part }: { part: Inline }) {
  return "strong" in part ? <strong>{part.strong}</strong> : <EmailLink href={part.url}>{part.link}</EmailLink>;
}
