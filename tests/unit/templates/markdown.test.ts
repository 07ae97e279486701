import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutAtWord } from "../../../functions/templates/cut-at-word.ts";
import { markdownToHtml, oneLine } from "../../../functions/templates/markdown.ts";
import { markdownToLine, markdownToText } from "../../../functions/templates/markdown-text.ts";

describe("Markdown as HTML", () => {
  test.each([
    ["raw HTML is text", "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"],
    ["a javascript link is its text", "[go](javascript:alert(1))", "<p>go</p>"],
    ["a data link is its text", "[go](data:text/html,x)", "<p>go</p>"],
    ["a link without a scheme is its text", "[go](//evil.example)", "<p>go</p>"],
    ["a relative link is its text", "[the *history*](/history#x)", "<p>the <em>history</em></p>"],
    ["a sentence is no definition of a link", "[Note]: fixed", "<p>[Note]: fixed</p>"],
    [
      "a definition that nothing refers to is a sentence",
      "[Dashboard]: https://a.example",
      '<p>[Dashboard]: <a href="https://a.example" rel="noopener nofollow">https://a.example</a></p>',
    ],
    [
      "a definition that something refers to is none",
      "See [the Dashboard][1].\n\n[1]: https://a.example",
      '<p>See <a href="https://a.example" rel="noopener nofollow">the Dashboard</a>.</p>',
    ],
    [
      "marks around an address are none of it",
      "**_~~https://a.example/x_y~~_**",
      '<p><strong><em><s><a href="https://a.example/x_y" rel="noopener nofollow">https://a.example/x_y</a></s></em></strong></p>',
    ],
    ["a link to no host is its text", "[go](https://) [on](https://a.example:99999/)", "<p>go on</p>"],
    ["a relative link by reference is its text", "See [a][1], [b][].\n\n[1]: docs/x\n[b]: #top", "<p>See a, b.</p>"],
    ["a relative image by reference is its description", "![a][1]\n\n[1]: docs/x.png", "<p>a</p>"],
    [
      "what can be a sentence is none's address",
      "See [ETA], [API][Note].\n\n[ETA]: 14:00/15:00\n[Note]: fixed",
      "<p>See [ETA], [API][Note].</p>\n<p>[ETA]: 14:00/15:00<br>\n[Note]: fixed</p>",
    ],
    [
      "a definition that nothing refers to stays beside one that something does",
      "[x][1]\n\n[1]: https://a.example\n\n[Dashboard]: https://b.example",
      '<p><a href="https://a.example" rel="noopener nofollow">x</a></p>\n<p>[Dashboard]: <a href="https://b.example" rel="noopener nofollow">https://b.example</a></p>',
    ],
    [
      "a link that shows nothing is its address",
      "[](https://a.example) [\u200b](https://b.example) [![](x.png)](https://c.example)",
      ["a", "b", "c"]
        .map((host) => `<a href="https://${host}.example" rel="noopener nofollow">https://${host}.example</a>`)
        .join(" ")
        .replace(/^/, "<p>")
        .replace(/$/, "</p>"),
    ],
    [
      "nothing that cannot be seen is a part of an address",
      "https://a.example/x\u200b [b](https://b.example/\u200bx\u2060%E2%80%8B)",
      '<p><a href="https://a.example/x" rel="noopener nofollow">https://a.example/x\u200b</a> <a href="https://b.example/x" rel="noopener nofollow">b</a></p>',
    ],
    [
      "an entity behind an address is none of it",
      "&lt;https://a.example/x&gt;",
      '<p>&lt;<a href="https://a.example/x" rel="noopener nofollow">https://a.example/x</a>&gt;</p>',
    ],
    [
      "a reference to what no page or feed may hold is what was typed",
      "a&#12;b&#0;c&#xfffe;d&#13;e &copy; ![f&#12;](x.png)",
      "<p>a&amp;#12;b&amp;#0;c&amp;#xfffe;d&amp;#13;e © f&amp;#12;</p>",
    ],
    [
      "nor is it within a title",
      '[a](https://a.example "b&#12;c")',
      '<p><a href="https://a.example" title="b c" rel="noopener nofollow">a</a></p>',
    ],
    ["an autolink that leads nowhere is text", "<javascript:alert(1)>", "<p>javascript:alert(1)</p>"],
    [
      "an image is its description, which leads to it",
      "![Error *rate* [%]](https://a.example/x.png)",
      '<p><a href="https://a.example/x.png" rel="noopener nofollow">Error rate [%]</a></p>',
    ],
    [
      "an image without a description is its address",
      "![](https://a.example/x.png)",
      '<p><a href="https://a.example/x.png" rel="noopener nofollow">https://a.example/x.png</a></p>',
    ],
    [
      "an image that leads nowhere is its description",
      "![graph](graph.png)![x](data:image/png;base64,AA)",
      "<p>graphx</p>",
    ],
    [
      "an image in a link is its description",
      "[![graph](https://a.example/x.png)](https://a.example)",
      '<p><a href="https://a.example" rel="noopener nofollow">graph</a></p>',
    ],
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
      /^<\/?(?:p|br|h4|ul|ol|li|strong|em|s|code|pre|blockquote|hr|table|thead|tbody|tr|th|td|a|div)(?: (?:href="(?:https?:|mailto:)[^"<>]*"|rel="noopener nofollow"|title="[^"<>]*"|start="\d+"|class="table"|tabindex="0"|dir="auto"))*>$/;
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
    expect(markdownToText(source, "en")).toBe(
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
        "See the report <https://a.example/report>, https://b.example or us <us@example.com>.",
      ].join("\n"),
    );
  });

  test("HTML is told as it was written", () => {
    expect(markdownToText("a <b>c</b> & d", "en")).toBe("a <b>c</b> & d");
  });
});

describe("what marks mean is told without them", () => {
  test.each([
    ["struck out", "~~Back by 14:00~~ Back by 16:00", "(no longer: Back by 14:00) Back by 16:00"],
    ["struck out within words", "Use **~~EU~~ US**.", "Use (no longer: EU) US."],
    ["struck out with a link", "~~see https://a.example/x~~ b", "(no longer: see <https://a.example/x>) b"],
    [
      "a table",
      "| Region | State |\n|:--|--:|\n| EU | *down* |\n| US | up \\| slow |\n| AP | |\n\nEnd",
      "Region | State\nEU | down\nUS | up | slow\nAP | \n\nEnd",
    ],
    ["an image", "![Error rate](https://a.example/x.png)", "Error rate <https://a.example/x.png>"],
    ["an image without a description", "![](https://a.example/x.png)", "https://a.example/x.png"],
    ["an image in a link", "[![Graph](https://a.example/x.png)](https://b.example)", "Graph <https://b.example>"],
    ["a relative image", "![Graph](x.png)", "Graph"],
    ["a relative link", "[history](/history), [above](#top) and [docs](docs/a.md)", "history, above and docs"],
    ["a task list", "- [ ] one\n- [x] two", "- [ ] one\n- [x] two"],
    ["a list in a list", "1. one\n   - a\n   - b\n2. two\n\n   more", "1. one\n   - a\n   - b\n2. two\n   more"],
    ["a list from nine on", "9. nine\n10. ten\n    - in ten", "9. nine\n10. ten\n    - in ten"],
    ["a quotation in a list", "- a\n  > b\n  > c", "- a\n  > b\n  > c"],
    ["a list in a quotation", "> - a\n> - b\n>\n> c", "> - a\n> - b\n\n> c"],
    ["an empty item", "- a\n-\n- c", "- a\n- \n- c"],
    ["code", "```sh\ncurl -X POST\n\n~~a~~\n```", "curl -X POST\n\n~~a~~"],
    ["a hard break", "a  \nb\\\nc", "a\nb\nc"],
    ["a rule", "a\n\n---\n\nb", "a\n\n---\n\nb"],
    ["an entity", "a &amp; b &copy; &lt;c&gt;", "a & b © <c>"],
    ["an escaped sign", "1\\* 2\\_ \\~~3~~", "1* 2_ ~~3~~"],
    ["a link with its address for a text", "[https://a.example](https://a.example)", "https://a.example"],
    ["a link with a title", '[a](https://a.example "b")', "a <https://a.example>"],
    ["an address before a bracket", "(see https://a.example/x_y)!", "(see <https://a.example/x_y>)!"],
    ["an address before a full stop", "See https://a.example/x.", "See <https://a.example/x>."],
    ["an address of other letters", "https://störung.example/ä b", "https://xn--strung-xxa.example/%C3%A4 b"],
    [
      "an address as code",
      "Call `https://a.example/x`, then `GET https://a.example/y`.",
      "Call <https://a.example/x>, then GET https://a.example/y.",
    ],
    ["a first line behind a fence", "```Error 500 at 14:00\nmore\n```", "Error 500 at 14:00\nmore"],
    ["a mailbox with a subject", "[us](mailto:us@example.com?subject=x)", "us <us@example.com>"],
    ["a foot note", "a[^1]\n\n[^1]: b", "a[^1]\n\n[^1]: b"],
  ])("%s", (_, source, text) => {
    expect(markdownToText(source, "en")).toBe(text);
  });

  test("of a block that is cut, too", () => {
    const filler = "word ".repeat(40);
    expect(markdownToText(`~~Back by 14:00~~ Back by 16:00 ${filler}`, "en", 60)).toMatch(
      /^~~Back by 14:00~~ Back by 16:00 word/,
    );
    const rows = Array.from({ length: 40 }, (_, index) => `| EU ${index} | down |`).join("\n");
    expect(markdownToText(`| Region | State |\n|-|-|\n${rows}`, "en", 60)).toMatch(/^Region \| State\nEU 0 \| down\n/);
  });

  test("in the reader's language", () => {
    expect(markdownToText("~~um 14~~ um 16", "de")).toBe("(gilt nicht mehr: um 14) um 16");
  });

  test("in one line, rows are told apart", () => {
    expect(markdownToLine("| a | b |\n|-|-|\n| c | d |\n\n~~e~~ f", "en")).toBe("a | b; c | d; (no longer: e) f");
  });

  test("no mark that means something is left over", () => {
    const source =
      "# A\n\n**b** *c* ~~d~~ `e` [f](/g) ![h](i.png) [j](https://k.example) ![l](https://m.example/n.png)";
    expect(markdownToText(source, "en")).not.toMatch(/[*~`![\]]/);
  });
});

describe("text for one line", () => {
  test("line ends, controls and runs of space become one space", () => {
    expect(oneLine("a\r\nBcc: x@example.com\u0000\u2028 b\t c ")).toBe("a Bcc: x@example.com b c");
  });

  test("a cut text keeps whole words, whole characters and the limit", () => {
    expect(cutAtWord("The quick brown fox", 12)).toBe("The quick…");
    expect(cutAtWord("The quick", 12)).toBe("The quick");
    expect(cutAtWord("See https://status.example/incidents/1", 20)).toBe("See…");
    expect(cutAtWord("See <https://status.example/i>, then", 30)).toBe("See…");
    expect(cutAtWord("aaaa👩‍👩‍👧‍👦bbb", 8)).toBe("aaaa…");
    expect(cutAtWord("aaaaa\u0301bbb", 6)).toBe("aaaa…");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.integer({ min: 2, max: 40 }), (text, limit) => {
        const cut = cutAtWord(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(text.isWellFormed());
      }),
    );
  });
});
