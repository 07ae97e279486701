import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LOCALES } from "../../../functions/core/locale.ts";
import { CHAT_FORMATS, type ChatFormat } from "../../../functions/core/subscriber.ts";
import { composeChangeChat } from "../../../functions/templates/chat/change-chat.ts";
import { chatBody, testPost } from "../../../functions/templates/chat/chat-body.ts";
import { escapeWithin } from "../../../functions/templates/chat/chat-discord.ts";
import { TEAMS_LIMIT_BYTES } from "../../../functions/templates/chat/chat-teams.ts";
import { composeUpdateChat, updatePost } from "../../../functions/templates/chat/update-chat.ts";
import type { UpdateSource } from "../../../functions/templates/update-source.ts";
import { leftovers } from "../../fixtures/leftovers.ts";
import { SITE, seedPage } from "../../fixtures/seed-incident.ts";
import { awkwardSource, seedChange, seedMaintenance, seedSource } from "../../fixtures/template-sources.ts";

const plain = z.strictObject({
  type: z.literal("plain_text"),
  emoji: z.literal(false),
  text: z.string().min(1).max(3_000),
});
/** Slack's blocks as its reference has them; what people wrote may stand in plain text only. */
const slackSchema = z.strictObject({
  text: z.string(),
  blocks: z.tuple([
    z.strictObject({ type: z.literal("header"), text: plain.refine(({ text }) => text.length <= 150) }),
  ]),
  attachments: z.tuple([
    z.strictObject({
      color: z.string().regex(/^#[0-9a-f]{6}$/),
      blocks: z
        .array(
          z.union([
            z.strictObject({ type: z.literal("section"), text: plain }),
            z.strictObject({
              type: z.literal("section"),
              fields: z.array(plain.refine(({ text }) => text.length <= 2_000)),
            }),
            z.strictObject({
              type: z.literal("section"),
              text: z.strictObject({ type: z.literal("mrkdwn"), verbatim: z.literal(true), text: z.string() }),
            }),
            z.strictObject({ type: z.literal("context"), elements: z.array(plain).max(10) }),
          ]),
        )
        .max(50),
    }),
  ]),
});

const discordSchema = z.strictObject({
  allowed_mentions: z.strictObject({ parse: z.tuple([]) }),
  embeds: z.tuple([
    z.strictObject({
      title: z.string().min(1).max(256),
      url: z.url(),
      description: z.string().min(1).max(4_096).optional(),
      color: z.int().min(0).max(0xffffff),
      fields: z
        .array(z.strictObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(1_024) }))
        .max(25)
        .optional(),
      footer: z.strictObject({ text: z.string().max(2_048) }),
    }),
  ]),
});

const runs = z.looseObject({
  type: z.literal("RichTextBlock"),
  inlines: z.array(z.looseObject({ type: z.literal("TextRun"), text: z.string() })),
});
const teamsSchema = z.strictObject({
  type: z.literal("message"),
  attachments: z.tuple([
    z.strictObject({
      contentType: z.literal("application/vnd.microsoft.card.adaptive"),
      contentUrl: z.null(),
      // No `entities` beside the width: nobody can be mentioned.
      content: z.strictObject({
        $schema: z.string(),
        type: z.literal("AdaptiveCard"),
        version: z.string(),
        msteams: z.strictObject({ width: z.literal("Full") }),
        body: z.array(
          z.union([runs, z.looseObject({ type: z.literal("Container"), style: z.string(), items: z.array(runs) })]),
        ),
        actions: z.array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string(), url: z.url() })),
      }),
    }),
  ]),
});

function posted(format: ChatFormat, source: UpdateSource): unknown {
  const { parts, slots } = composeUpdateChat(format, source);
  expect(slots).toEqual([]);
  return JSON.parse(parts.join(""));
}

/** Everything a reader sees, as the chat shows it. */
function shown(body: unknown): string {
  const texts: string[] = [];
  JSON.stringify(body, (key, value: unknown) => {
    if (typeof value === "string" && ["text", "title", "description", "name", "value"].includes(key)) texts.push(value);
    return value;
  });
  return texts.join("\n").replace(/\\(?=[\\`*_~|<>#@:()[\]{}!.+-])/g, "");
}

function maintenance(): UpdateSource {
  const state = seedMaintenance();
  const [update] = state.updates;
  if (update === undefined) throw new Error("one update");
  return { ...state, update, site: SITE };
}

describe.each(CHAT_FORMATS)("a post in %s", (format) => {
  test("tells status, incident, text, what is affected, both times and the link", () => {
    const text = shown(posted(format, seedSource(1)));
    for (const part of [
      "Investigating",
      "Partial Outage of DRACOON",
      "slow or time out for some customers",
      "API (group 09)",
      "DRACOON Cloud · Jul 07, 2025 - 12:05 CEST (10:05 UTC)",
    ]) {
      expect(text).toContain(part);
    }
    expect(JSON.stringify(posted(format, seedSource(1)))).toContain(`${SITE.pageUrl}/incidents/seedincident`);
    expect(JSON.stringify(posted(format, seedSource(1)))).not.toContain("unsubscribe");
  });

  test("tells when a maintenance begins and ends", () => {
    const text = shown(posted(format, maintenance()));
    expect(text).toContain("Jul 10, 2025 - 22:00 CEST (20:00 UTC)");
    expect(text).toContain("2 h 30 min");
    expect(text).toContain("Web App");
  });

  test("tells of a component's change what it is now and was before", () => {
    const text = shown(JSON.parse(composeChangeChat(format, seedChange()).parts.join("")));
    expect(text).toContain("Partial outage");
    expect(text).toContain(seedChange().component.name);
    expect(text).toContain("Operational");
  });

  test.each(LOCALES)("has nothing of the other language in %s", (locale) => {
    const page = { ...seedPage, locale };
    const bodies = [
      posted(format, { ...seedSource(4), page }),
      posted(format, { ...maintenance(), page }),
      JSON.parse(composeChangeChat(format, { ...seedChange(), page }).parts.join("")),
      ...(["hello", "test"] as const).map((about) => chatBody(format, testPost(page, SITE.pageUrl, about))),
    ];
    expect(leftovers(bodies.map(shown).join("\n"), locale === "de" ? "en" : "de", locale)).toEqual([]);
  });

  test("has the colour of its status", () => {
    const schema = { slack: slackSchema, discord: discordSchema, teams: teamsSchema }[format];
    const bodies = ([1, 3] as const).map((count) => JSON.stringify(schema.parse(posted(format, seedSource(count)))));
    const colours = {
      slack: ["#c22231", "#0c7a4d"],
      discord: [`"color":${0xc22231}`, `"color":${0x0c7a4d}`],
      teams: ["attention", "good"],
    };
    for (const [index, colour] of colours[format].entries()) expect(bodies[index]).toContain(colour);
  });
});

const HOSTILE = [
  "<!channel> <!here|x> <@U012AB3CD> <#C123> <https://evil.example|your bank>",
  "@everyone @here <@&123> <@123> <#123> <:name:123> <t:1>",
  "**bold** _it_ ~~gone~~ `code` ||spoiler|| [bank](https://evil.example) # head\n> quote\n- list\n1. one",
  "<at>Ann</at> {{DATE(2017-02-14T06:08:00Z,SHORT)}} {{{TIME(x)}}} &lt;!channel&gt;",
  "```\nfence\n```",
];

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 400 }),
  fc.string({ unit: "binary", maxLength: 400 }),
  fc
    .array(
      fc.oneof(fc.constantFrom(...HOSTILE), fc.constantFrom("<", ">", "&", "|", "*", "{", "\n", "`", "@", "\\", "🚨")),
      { maxLength: 60 },
    )
    .map((parts) => parts.join("")),
  fc.constantFrom(
    "word ".repeat(4_990),
    "<".repeat(24_900),
    "🚨".repeat(12_000),
    "ü\n".repeat(12_000),
    "*_~`".repeat(6_000),
  ),
);
const names = fc.record({ page: anyText, incident: anyText.map((name) => name.slice(0, 255) || "x"), body: anyText });

describe("whatever people write", () => {
  test("Slack gets it as plain text within its limits, and a fallback without control sequences", () => {
    fc.assert(
      fc.property(names, (texts) => {
        const body = slackSchema.parse(posted("slack", awkwardSource(texts)));
        expect(body.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        const markup = JSON.stringify(body).match(/"mrkdwn"/g) ?? [];
        expect(markup).toHaveLength(1);
        expect(JSON.stringify(body)).toContain(`"text":"<${SITE.pageUrl}/incidents/seedincident|View incident>"`);
      }),
      { numRuns: 150 },
    );
  });

  test("Discord gets it without anything that it would take for markup or a mention, within its limits", () => {
    fc.assert(
      fc.property(names, (texts) => {
        const { embeds } = discordSchema.parse(posted("discord", awkwardSource(texts)));
        const [{ title, description = "", fields = [], footer }] = embeds;
        const all = [title, description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])];
        expect(all.join("").length).toBeLessThanOrEqual(6_000);
        for (const text of [title, description, ...fields.map(({ value }) => value)]) {
          // An address in brackets, or alone up to white space, is nothing but an address to Discord.
          const around = text.replace(/<https?:\/\/[^\s<>]+>|https?:\/\/[^\s<>\\]+(?=[\s…]|$)/g, "");
          const bare = around.replace(/\\[\s\S]/g, "");
          expect(bare).not.toMatch(/[\\`*_~|<>#@[\]{}]/);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("what Discord's escapes hide is the text itself, and an address stays whole", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(escapeWithin(text, 10_000).replace(/\\([\s\S])/g, "$1")).toBe(text);
      }),
    );
    expect(escapeWithin("see https://a.example/x?y=1&z=2#top_1 (now)", 200)).toBe(
      "see https://a.example/x?y=1&z=2#top_1 \\(now\\)",
    );
  });

  const ADDRESSES = [
    "https://docs.example.com/api_reference",
    "https://de.example.org/wiki/Gruppe_(Mathematik)",
    "https://example.com/a*b~c|d/@x/!important+1:2,3;4?q=%C3%9C%20_x_#__top__".replace("|", "%7C"),
    "https://störung.example/ä_ö/日本_語",
    "http://[2001:db8::1]:8080/_status",
    "https://fa.example.org/می\u200cخواهم_ها",
    "https://example.org/👨\u200d👩\u200d👧_x",
  ];
  test.each(ADDRESSES)("no chat gets %s escaped, whatever stands around it", (address) => {
    for (const text of [address, `See ${address}.`, `(${address})`, `*${address}*, or <${address}>`, `"${address}"!`]) {
      // A name is no Markdown; a body is, where the address alone is what has to survive.
      const source = awkwardSource({ incident: text, body: `Details: <${address}>` });
      const discord = discordSchema.parse(posted("discord", source)).embeds[0];
      expect(discord.title.replace(/\\[\s\S]/g, "")).toContain(address);
      expect(discord.title).toContain(address);
      for (const format of CHAT_FORMATS) {
        expect(shown(posted(format, source))).toContain(address);
        expect(decodeURI(shown(posted(format, source)))).toContain(`Details: ${decodeURI(new URL(address).href)}`);
      }
    }
  });

  test("Discord takes what follows an address for no part of it", () => {
    expect(escapeWithin("a https://a.example/x_y). b", 200)).toBe("a <https://a.example/x_y>\\)\\. b");
    expect(escapeWithin("**https://a.example/x_y**", 200)).toBe("\\*\\*<https://a.example/x_y>\\*\\*");
    expect(escapeWithin("label <https://a.example/x_y>.", 200)).toBe("label <https://a.example/x_y>\\.");
  });

  test("Teams gets it in text runs, without functions, within its size", () => {
    fc.assert(
      fc.property(names, (texts) => {
        const body = posted("teams", awkwardSource(texts));
        teamsSchema.parse(body);
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(TEAMS_LIMIT_BYTES);
        expect(JSON.stringify(body)).not.toContain("{{");
      }),
      { numRuns: 150 },
    );
  });

  test("a long text is cut at a word, and says so", () => {
    const source = awkwardSource({ body: "Delays in uploads and downloads. ".repeat(700) });
    for (const format of CHAT_FORMATS) expect(shown(posted(format, source))).toMatch(/\w…/);
    expect(updatePost(source).body.length).toBeGreaterThan(20_000);
  });
});
