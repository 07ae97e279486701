import { cutAtWord } from "../cut-at-word.ts";
import type { Tone } from "../tone.ts";
import type { ChatPost } from "./chat-post.ts";

/**
 * Microsoft states about 28 kB for a message, and is known to refuse some from 21 kB on. So this is less than that, in
 * UTF-8.
 */
export const TEAMS_LIMIT_BYTES = 20_000;
/** Characters of the body to try, in turn. */
const BODY_CUTS = [8_000, 4_000, 2_000, 1_000, 400, 100, 20] as const;
const FACT_LIMIT = 1_000;
const TITLE_LIMIT = 300;

/** The styles of a container: these are the colours of a card. */
const STYLES: Record<Tone, "good" | "accent" | "warning" | "attention" | "emphasis"> = {
  ok: "good",
  info: "accent",
  minor: "warning",
  major: "warning",
  critical: "attention",
  calm: "emphasis",
};

/**
 * An Adaptive Card in the message that Workflows (Power Automate) and the older incoming webhooks take. All text stands
 * in text runs, which know no Markdown. Without `entities` it mentions nobody.
 */
export function teamsBody(post: ChatPost) {
  let message = messageOf(post, post.body);
  for (const cut of BODY_CUTS) {
    if (Buffer.byteLength(JSON.stringify(message)) <= TEAMS_LIMIT_BYTES) break;
    message = messageOf(post, cutAtWord(post.body, cut));
  }
  return message;
}

function messageOf({ label, title, facts, footer, tone, url, linkLabel }: ChatPost, body: string) {
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body: [
            {
              type: "Container",
              style: STYLES[tone],
              bleed: true,
              items: [
                textBlock([run(label, { weight: "Bolder" })]),
                textBlock([run(cutAtWord(title, TITLE_LIMIT), { size: "Large", weight: "Bolder" })], "Small"),
              ],
            },
            ...paragraphs(body),
            ...facts.map(([name, value]) =>
              textBlock([run(`${name}: `, { weight: "Bolder" }), run(cutAtWord(value, FACT_LIMIT))], "Medium"),
            ),
            textBlock([run(cutAtWord(footer, TITLE_LIMIT), { isSubtle: true, size: "Small" })], "Medium"),
          ],
          actions: [{ type: "Action.OpenUrl", title: linkLabel, url: new URL(url).href }],
        },
      },
    ],
  };
}

/** A block for each line, because a line end within a run is not shown everywhere. */
function paragraphs(body: string) {
  const lines = body.split("\n");
  return lines.flatMap((line, index) =>
    line.trim() === "" ? [] : [textBlock([run(line)], lines[index - 1]?.trim() ? "None" : "Medium")],
  );
}

type Spacing = "None" | "Small" | "Medium";

function textBlock(inlines: ReturnType<typeof run>[], spacing: Spacing = "None") {
  return { type: "RichTextBlock", spacing, inlines };
}

interface RunStyle {
  weight?: "Bolder";
  size?: "Large" | "Small";
  isSubtle?: boolean;
}

function run(text: string, style: RunStyle = {}) {
  // `{{DATE(…)}}` is a function in every text of a card. An invisible space within the braces ends that.
  return { type: "TextRun", text: text.replaceAll(/\{(?=\{)/g, "{\u200b"), ...style };
}
