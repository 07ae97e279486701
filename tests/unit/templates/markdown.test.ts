import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutAtWord, markdownToHtml, markdownToText, oneLine } from "../../../functions/templates/markdown.ts";

describe("Markdown as HTML", () => {
  test.each([
    ["raw HTML is text", "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"],
    ["a javascript link is text", "[go](javascript:alert(1))", "<p>[go](javascript:alert(1))</p>"],
    ["a data link is text", "[go](data:text/html,x)", "<p>[go](data:text/html,x)</p>"],
    ["a relative link is text", "[go](//evil.example)", "<p>[go](//evil.example)</p>"],
    ["a line end is a line end", "one\ntwo", "<p>one<br>\ntwo</p>"],
    ["a link that leads nowhere is its text", "[go]()", "<p>go</p>"],
    ["a name with a dot is no link", "see status.md", "<p>see status.md</p>"],
  ])("%s", (_, source, html) => {
    expect(markdownToHtml(source)).toBe(html);
  });

  test("links carry rel and lead to http(s) and mailto only", () => {
    expect(markdownToHtml("[a](https://a.example) https://b.example [c](mailto:c@example.com)")).toBe(
      '<p><a href="https://a.example" rel="noopener nofollow">a</a> <a href="https://b.example" rel="noopener nofollow">https://b.example</a> <a href="mailto:c@example.com" rel="noopener nofollow">c</a></p>',
    );
  });

  test("images are not loaded", () => {
    expect(markdownToHtml("![x](https://a.example/x.png)")).not.toContain("<img");
  });

  test("whatever the source, no element and no attribute but ours comes out", () => {
    const allowed =
      /^<\/?(?:p|br|h4|ul|ol|li|strong|em|s|code|pre|blockquote|hr|table|thead|tbody|tr|th|td|a)(?: (?:href="(?:https?:|mailto:)[^"<>]*"|rel="noopener nofollow"|title="[^"<>]*"|start="\d+"|class="language-[^"<>]*"))*>$/;
    const pieces = fc.constantFrom(
      "<",
      ">",
      '"',
      "'",
      "[x](",
      ")",
      "![",
      "javascript:",
      "https://a.example/",
      "onerror=",
      "<img src=x>",
      "\n",
      "\n\n",
      "- ",
      "# ",
      "`",
      "```",
      "&",
      "a",
      " ",
      "|",
      "<!--",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const html = markdownToHtml(parts.join(""));
        for (const [tag] of html.matchAll(/<[^>]*>/g)) expect(tag).toMatch(allowed);
      }),
      { numRuns: 500 },
    );
  });
});

describe("Markdown as text", () => {
  test("structure stays readable, and links are followed by where they lead", () => {
    const source = `# Cause\nA *bold* **claim** with \`code\`.\n\n- one\n- two\n  - nested\n\n1. first\n2. second\n\n> quoted\n\nSee [the report](https://a.example/report), https://b.example or [us](mailto:us@example.com).`;
    expect(markdownToText(source)).toBe(
      [
        "Cause",
        "",
        "A bold claim with code.",
        "",
        "- one",
        "- two",
        "  - nested",
        "",
        "1. first",
        "2. second",
        "",
        "> quoted",
        "",
        "See the report (https://a.example/report), https://b.example or us (us@example.com).",
      ].join("\n"),
    );
  });

  test("HTML is told as it was written", () => {
    expect(markdownToText("a <b>c</b> & d")).toBe("a <b>c</b> & d");
  });
});

describe("text for one line", () => {
  test("line ends, controls and runs of space become one space", () => {
    expect(oneLine("a\r\nBcc: x@example.com\u0000\u2028 b\t c ")).toBe("a Bcc: x@example.com b c");
  });

  test("a cut text keeps whole words, whole characters and the limit", () => {
    expect(cutAtWord("The quick brown fox", 12)).toBe("The quick…");
    expect(cutAtWord("The quick", 12)).toBe("The quick");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
        const cut = cutAtWord(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(text.isWellFormed());
      }),
    );
  });
});
