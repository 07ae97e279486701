import { cutAtWord } from "../cut-at-word.ts";
import { MAIL_COLOURS } from "../tone.ts";
import type { ChatPost } from "./chat-post.ts";

/**
 * Slack's limits, from its reference of blocks: text of a header, of a section and in a context, of a section's field.
 */
const HEADER_LIMIT = 150;
const TEXT_LIMIT = 3_000;
const FIELD_LIMIT = 2_000;

/**
 * Block Kit, as an incoming webhook takes it. What people wrote stands only in `plain_text`, where Slack looks for no
 * markup, mention or emoji. In `text`, which notifications show, Slack's three control characters are escaped. The
 * colour belongs to an attachment, because blocks have none.
 */
export function slackBody({ label, title, body, facts, footer, tone, url, linkLabel }: ChatPost) {
  const headline = `${label}: ${title}`;
  return {
    text: escapeSlack(headline),
    blocks: [{ type: "header", text: plain(headline, HEADER_LIMIT) }],
    attachments: [
      {
        color: MAIL_COLOURS[tone].solid,
        blocks: [
          ...(body === "" ? [] : [{ type: "section", text: plain(body, TEXT_LIMIT) }]),
          ...facts.map(([name, value]) => ({
            type: "section",
            fields: [plain(`${name}\n${value}`, FIELD_LIMIT)],
          })),
          {
            type: "section",
            text: { type: "mrkdwn", verbatim: true, text: `<${linkOf(url)}|${escapeSlack(linkLabel)}>` },
          },
          { type: "context", elements: [plain(footer, TEXT_LIMIT)] },
        ],
      },
    ],
  };
}

function plain(text: string, limit: number) {
  return { type: "plain_text", emoji: false, text: cutAtWord(text, limit) };
}

/** https://docs.slack.dev/messaging/formatting-message-text: these three, and nothing else, make a control sequence. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function linkOf(url: string): string {
  return escapeSlack(new URL(url).href.replaceAll("|", "%7C"));
}
