import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownExcess, markdownToHtml } from "../../../functions/templates/markdown.ts";
import { HTML_LIMIT_BYTES } from "../../../functions/templates/markdown-bounds.ts";
import { markdownToText } from "../../../functions/templates/markdown-text.ts";
import { BOMBS, WORST } from "../../fixtures/markdown-bombs.ts";

const bytes = (text: string) => Buffer.byteLength(text);

describe("what would become more than a reader can take", () => {
  it.each(BOMBS)("is told by its start: $name", ({ of, body }) => {
    expect(markdownExcess(body)).toMatchObject({ of });
    const html = markdownToHtml(body);
    expect(html).not.toBe("");
    expect(bytes(html)).toBeLessThan(30_000);
    expect(bytes(markdownToText(body, "en"))).toBeLessThan(30_000);
  });

  it("keeps whole blocks, and of the next one the words", () => {
    const table = `${"|a".repeat(100)}|\n${"|-".repeat(100)}|\n${"x\n".repeat(300)}`;
    const html = markdownToHtml(`**We know.** See [the list](https://e.example/).\n\n${table}`);
    expect(html).toContain("<p><strong>We know.</strong> See <a ");
    expect(html).toContain("…</p>");
    expect(html).not.toContain("<table>");
  });

  it("loses no words that markdown-it itself gives up", () => {
    expect(markdownToText(`${">".repeat(200)} still down`, "en")).toContain("still down");
  });
});

describe("what people write", () => {
  it.each(WORST)("is told whole: $name", ({ body }) => {
    expect(markdownExcess(body)).toBeNull();
    expect(bytes(markdownToHtml(body))).toBeLessThanOrEqual(HTML_LIMIT_BYTES);
  });

  it("has no half of a character where nothing is left for the next block", () => {
    for (const limit of [18, 19, 20, 21, 22, 23]) {
      expect(markdownToHtml("word **bold** \n\n🚨", limit).isWellFormed()).toBe(true);
    }
  });

  it("is told up to a limit, with no half of a character, a mark or a link", () => {
    const piece = fc.constantFrom(
      "word ",
      "🚨",
      "e\u0301",
      "**bold** ",
      "[a](https://e.example/x) ",
      "\n\n",
      "- item\n",
      "`code` ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), fc.integer({ min: 20, max: 600 }), (pieces, limit) => {
        const body = pieces.join("");
        const html = markdownToHtml(body, limit);
        expect(html.isWellFormed()).toBe(true);
        expect(html.replace(/<[^>]*>/g, "")).not.toMatch(/\*\*|\]\(|`/);
        expect((html.match(/<a /g) ?? []).length).toBe((html.match(/<\/a>/g) ?? []).length);
        expect(markdownToText(body, "en", limit).length).toBeLessThan(6 * limit + 100);
      }),
      { numRuns: 300 },
    );
  });
});
