import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  characterAt,
  cleanAddress,
  cleanLine,
  cleanToken,
  cleanUrl,
  showsSomething,
} from "../../../functions/core/invisible.ts";

/** What is seen nowhere, one of each kind. */
const UNSEEN = [
  "\u00ad",
  "\u034f",
  "\u061c",
  "\u180e",
  "\u200b",
  "\u200e",
  "\u200f",
  "\u202a",
  "\u202c",
  "\u202d",
  "\u202e",
  "\u2060",
  "\u2066",
  "\u2069",
  "\u2800",
  "\u3164",
  "\ufe0f",
  "\ufeff",
  "\uffa0",
  "\u{e0020}",
];

describe("an address as it was meant", () => {
  test.each(UNSEEN.map((character) => [characterAt(character, 0), character]))("without %s", (_, unseen) => {
    expect(cleanAddress(`${unseen}r&d@${unseen}example.com${unseen}`)).toBe("r&d@example.com");
    expect(cleanAddress(`${unseen}+49 1512${unseen}3456789 ${unseen}`)).toBe("+49 15123456789");
    expect(cleanUrl(`${unseen}https://ex${unseen}ample.com/hook${unseen}`)).toBe("https://example.com/hook");
  });

  test.each([
    ["a no-break space around", "\u00a0a@example.com\u202f\u3000", "a@example.com"],
    ["a no-break space within", "+49\u00a01512\u20093456789", "+49 1512 3456789"],
    ["full width", "＋４９（１５１２）３４５６７８９", "+49(1512)3456789"],
    ["a full width @", "ann＠example．com", "ann@example.com"],
  ])("%s", (_, given, meant) => {
    expect(cleanAddress(given)).toBe(meant);
  });

  test.each([
    ["https://example.com/hook%E2%80%8B", "https://example.com/hook"],
    ["https://example.com/hook%e2%80%8b%C2%A0%0A", "https://example.com/hook"],
    ["https://example.com/T0%EF%BB%BF0/B%C2%AD1", "https://example.com/T00/B1"],
    ["https://example.com/%E2%80%AAhook%E2%80%AC", "https://example.com/hook"],
    ["https://example.com/?sep=%20", "https://example.com/?sep=%20"],
    ["https://example.com/می\u200cخواهم", "https://example.com/می\u200cخواهم"],
    ["https://example.com/क्\u200dष", "https://example.com/क्\u200dष"],
    ["https://example.com/👨\u200d👩\u200d👧\u200d", "https://example.com/👨\u200d👩\u200d👧"],
    ["https://example.com/👩🏽\u200d🚒/❤\ufe0f\u200d🔥", "https://example.com/👩🏽\u200d🚒/❤\ufe0f\u200d🔥"],
    ["https://example.com/a\ufe0f", "https://example.com/a"],
    ["https://example.com/م%E2%80%8Cخ", "https://example.com/م%E2%80%8Cخ"],
    ["https://hooks\u200c.example.com/a\u200db", "https://hooks.example.com/ab"],
  ])("%s", (given, meant) => {
    expect(cleanUrl(given)).toBe(meant);
  });
});

describe("a name as it was meant", () => {
  test.each([
    ["unseen around", "\u200b\u2060 API \u200e\ufeff\u3164", "API"],
    ["overrides within", "A\u202ePI\u202c", "API"],
    ["a family", "👨‍👩‍👧 ok", "👨‍👩‍👧 ok"],
    ["a heart at the end", "love ❤️", "love ❤️"],
    [
      "a flag of tags at the end",
      "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
      "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    ],
    ["a Persian word", "می\u200cخواهم", "می\u200cخواهم"],
    ["a joiner at the end of an Indic word", "क्\u200d", "क्\u200d"],
    ["a joiner at the end of another", "API\u200d", "API"],
    ["a mark for Hebrew within", "א\u200f - b", "א\u200f - b"],
    ["an isolate that ends within", "a \u2067אב\u2069 b", "a \u2067אב\u2069 b"],
    ["an isolate that is left open", "a \u2067b", "a b"],
    ["the end of one that was never begun", "\u2066a\u2069 b", "a b"],
  ])("%s", (_, given, meant) => {
    expect(cleanLine(given)).toBe(meant);
  });

  test.each([...UNSEEN, "", " ", "\u00a0", "\u200c\u200d", "\u0301", "\u115f\u1160", "\u3000\u2028", "\u0000"])(
    "%j shows nothing",
    (text) => {
      expect(showsSomething(text + text)).toBe(false);
      expect(showsSomething(`${text}a`)).toBe(true);
    },
  );

  test("to clean twice is to clean once", () => {
    const text = fc.array(
      fc.constantFrom(
        ...UNSEEN,
        "\u200c",
        "\u200d",
        "\ufe0f",
        "\u2066",
        "\u2069",
        "❤",
        "क",
        " ",
        "\u0301",
        "a",
        "@",
        "．",
        "%E2%80%8B",
        "=",
        "\n",
        ")",
      ),
    );
    fc.assert(
      fc.property(text, (pieces) => {
        for (const clean of [cleanAddress, cleanLine, cleanUrl]) {
          const once = clean(pieces.join(""));
          expect(clean(once)).toBe(once);
        }
      }),
    );
  });
});

describe("a token without what it was pasted with", () => {
  const TOKEN = "1.dracooncloud.e.adaadaadaada.AbC-dEf_GhIjKlMnOpQrS_";
  test.each([
    ")",
    ").",
    ".",
    ",",
    ">",
    ">.",
    '"',
    "'",
    "»",
    "”.",
    "…",
    "%29",
    "%29.",
    "%3E",
    "&gt;",
    "&quot;",
    "&#39;",
    " ",
    "\n",
    "\r\n",
    "%0A",
    "%20",
    "\u200b",
    "%E2%80%8B",
    "=",
    "*",
    "]",
    "!",
    "?",
    ";",
    "|",
    "\\",
  ])("followed by %j", (after) => {
    expect(cleanToken(`${TOKEN}${after}`)).toBe(TOKEN);
  });
  test.each(["<", "(", "%3C", '"', "\u200b", " ", "=\r\n"])("after %j", (before) => {
    expect(cleanToken(`${before}${TOKEN}`)).toBe(TOKEN);
  });
  test.each(["=\r\n", "=\n", "=%0D%0A", "\n ", "\u00ad"])("with %j in it", (within) => {
    expect(cleanToken(`${TOKEN.slice(0, 20)}${within}${TOKEN.slice(20)}`)).toBe(TOKEN);
  });
  test("what could be part of one stays", () => {
    expect(cleanToken(`${TOKEN}A`)).toBe(`${TOKEN}A`);
    expect(cleanToken("1.a~b")).toBe("1.a~b");
  });
});
