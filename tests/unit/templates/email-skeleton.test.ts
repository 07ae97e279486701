import fc from "fast-check";
import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { renderingOf, splice } from "../../../functions/core/rendering.ts";
import { composeMail, isolateMarkers, type MailParts } from "../../../functions/templates/email/email-skeleton.ts";
import { slotMarker } from "../../../functions/templates/slot-marker.ts";

const MARKER = slotMarker("seedupdate01", "unsubscribe_token");

function mail(parts: Partial<MailParts>): MailParts {
  return {
    from: { name: "DRACOON Cloud", address: "status@example.com" },
    host: "example.com",
    to: "reader@example.com",
    subject: "Subject",
    text: "text",
    html: "<p>html</p>",
    seed: "seed",
    date: Date.parse("2025-07-07T10:05:00Z"),
    thread: null,
    headers: {},
    ...parts,
  };
}

/** Text as a part carries it: mail knows one line end. */
function asPart(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

describe("a composed mail", () => {
  test("composing twice gives the same bytes", async () => {
    expect(await composeMail(mail({}))).toBe(await composeMail(mail({})));
  });

  test("both parts arrive as they were composed, with any token in any place, in short lines of ASCII", async () => {
    const fragment = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 120 }),
      fc.constantFrom("=", "=\n", "ä", "🚨", " ", "\n", ".", "From ", "=3D", "x".repeat(90)),
    );
    const text = fc
      .tuple(fc.array(fragment, { maxLength: 8 }), fc.array(fragment, { maxLength: 8 }), fc.boolean())
      .map(([before, after, slot]) => [before.join(""), after.join(""), slot] as const);
    const token = fc.stringMatching(/^[A-Za-z0-9._-]{1,70}$/);
    await fc.assert(
      fc.asyncProperty(text, text, token, async ([a, b, inText], [c, d, inHtml], value) => {
        const compose = (slot: string) => ({
          text: `text ${a}${inText ? slot : ""}${b}`.toWellFormed(),
          html: `<p>${c}${inHtml ? slot : ""}${d}</p>`.toWellFormed(),
        });
        const raw = isolateMarkers(await composeMail(mail(compose(MARKER))), [MARKER]);
        const spliced = splice(renderingOf(raw, { [MARKER]: "unsubscribe_token" }), {
          sender: "",
          address: "",
          unsubscribe_token: value,
        });
        expect(spliced).toMatch(/^[\t\r\n\x20-\x7e]*$/);
        expect(spliced.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
        for (const line of spliced.split("\r\n")) expect(line.length).toBeLessThanOrEqual(76);
        const parsed = await simpleParser(spliced, { skipTextToHtml: true });
        const expected = compose(value);
        expect(parsed.text?.trimEnd()).toBe(asPart(expected.text).trimEnd());
        expect(String(parsed.html).trimEnd()).toBe(asPart(expected.html).trimEnd());
      }),
      { numRuns: 200 },
    );
  });

  test("a name arrives as the text that it is, whatever mail programs take such text for", async () => {
    const piece = fc.constantFrom(
      "=?utf-8?Q?evil=0D=0ABcc:_x@example.com?=",
      "=?UTF-8?B?RXZpbA==?=",
      "=?iso-8859-1?q?=E4?=",
      "=?utf-8*en?Q?x?=",
      "=?",
      "?=",
      "=0D=0A",
      " ",
      '"',
      "<x@example.com>",
      ",",
      "(a)",
      "\\",
      "ä",
      "🚨",
      "word",
      "x".repeat(60),
    );
    const text = fc
      .array(piece, { minLength: 1, maxLength: 8 })
      .map((pieces) => pieces.join("").replace(/ +/g, " ").trim())
      .filter((name) => name !== "");
    await fc.assert(
      fc.asyncProperty(text, text, async (name, subject) => {
        const raw = await composeMail(mail({ from: { name, address: "status@example.com" }, subject }));
        const parsed = await simpleParser(raw);
        expect(parsed.from?.value).toEqual([{ name, address: "status@example.com" }]);
        expect(parsed.subject).toBe(subject);
        expect(parsed.bcc).toBeUndefined();
        for (const line of raw.slice(0, raw.indexOf("\r\n\r\n")).split("\r\n")) expect(line.length).toBeLessThan(200);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["line ends", "Evil\r\nBcc: victim@example.com\r\n\r\nbody", "Evil Bcc: victim@example.com body"],
    ["a bare line feed", "Evil\nBcc: victim@example.com", "Evil Bcc: victim@example.com"],
    ["Unicode line separators", "Evil\u2028Bcc: victim@example.com", "Evil Bcc: victim@example.com"],
    ["quotes and brackets", 'The "real" <status> page; a, b', 'The "real" <status> page; a, b'],
    ["umlauts", "Störungsmeldungen für Müller & Söhne", "Störungsmeldungen für Müller & Söhne"],
    ["emoji", "🚨 Status 👩‍🚒", "🚨 Status 👩‍🚒"],
    ["a very long name", "Ärger ".repeat(40).trim(), "Ärger ".repeat(40).trim()],
    ["encoded words", "=?utf-8?Q?x=0D=0ABcc:_y@example.com?=", "=?utf-8?Q?x=0D=0ABcc:_y@example.com?="],
  ])("a name with %s stays one header", async (_, name, shown) => {
    const raw = await composeMail(mail({ from: { name, address: "status@example.com" }, subject: name }));
    const headers = raw.slice(0, raw.indexOf("\r\n\r\n"));
    expect(headers).toMatch(/^[\r\n\x20-\x7e]*$/);
    expect(headers).not.toMatch(/^(?:bcc|cc):/im);
    for (const line of headers.split("\r\n")) expect(line.length).toBeLessThanOrEqual(78);
    const parsed = await simpleParser(raw);
    expect(parsed.bcc).toBeUndefined();
    if (!name.startsWith("=?")) {
      expect(parsed.subject).toBe(shown);
      expect(parsed.from?.value).toEqual([{ name: shown, address: "status@example.com" }]);
    }
  });
});
