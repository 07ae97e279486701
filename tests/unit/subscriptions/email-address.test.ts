import { domainToUnicode } from "node:url";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { z } from "zod/mini";
import { emailAddress, emailField } from "../../../functions/subscriptions/email-address.ts";
import { composeMail } from "../../../functions/templates/email/email-skeleton.ts";

const TAKEN = [
  "r&d@example.com",
  "a/b@example.com",
  "o'hara@example.com",
  "a+b@example.com",
  "{x}@example.com",
  "!#$%&'*+/=?^_`{|}~-@example.com",
  "a.b.c@sub.example.co.uk",
  "1@1.example",
  "Ann.Example@Example.COM",
  `${"a".repeat(64)}@example.com`,
  "a@xn--strung-xxa.example",
  "a@xn--p1ai.xn--p1ai",
  "-a-@example.com",
];

describe("addresses that people have", () => {
  test.each(TAKEN)("%s", (address) => {
    expect(emailAddress(address)).toEqual({ address });
  });

  test.each([
    ["ann@störung.example", "ann@xn--strung-xxa.example"],
    ["ann@BÜCHER.example", "ann@xn--bcher-kva.example"],
    ["ann@straße.example", "ann@xn--strae-oqa.example"],
    ["ann@نامه\u200cای.com", "ann@xn--mgba3gch31f060k.com"],
    ["ann@क्\u200dष.com", "ann@xn--11b2ezcw70k.com"],
    ["ann@a\u200db.com\u200d", "ann@ab.com"],
    ["info@例え.テスト", "info@xn--r8jz45g.xn--zckzah"],
    ["info@例え。テスト", "info@xn--r8jz45g.xn--zckzah"],
    ["ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"],
    ["\u202aann@example.com\u202c\u200b", "ann@example.com"],
    [" ann@example.com. ", "ann@example.com"],
    ["ａｎｎ＠example．com", "ann@example.com"],
  ])("%s", (given, address) => {
    expect(emailAddress(given)).toEqual({ address });
  });
});

test.each([
  ["", "it has no @"],
  ["ann", "it has no @"],
  ["@example.com", "nothing before the @"],
  ["ann@", "nothing after the @"],
  ["ann@localhost", "no domain name"],
  ["ann@example", "no domain name"],
  ["ann@example..com", "no domain name"],
  ["ann@.example.com", "no domain name"],
  ["ann@-a.example", "no domain name"],
  ["ann@a-.example", "no domain name"],
  ["ann@xn--\u00df.example", "no domain name"],
  ["ann@192.0.2.1", "no domain name"],
  ["ann@[192.0.2.1]", "a number in place of a domain"],
  ["ann@exa_mple.com", "“_” (U+005F) at position 4"],
  ["ann@example.com>", "“>” (U+003E) at position 12"],
  ["ann@example.com,bob@example.com", "more than one @"],
  ["ann b@example.com", "U+0020 at position 4"],
  ["ann\u00a0b@example.com", "U+0020 at position 4"],
  ["ann@exam ple.com", "U+0020 at position 5"],
  ["Ann <ann@example.com", "U+0020 at position 4"],
  ["<ann@example.com>", "“<” (U+003C) at position 1"],
  ["ann\n@example.com", "U+000A at position 4"],
  ['"ann b"@example.com', "a quoted name"],
  ["jörg@example.com", "“ö” (U+00F6) at position 2 is not ASCII"],
  ["用户@example.com", "is not ASCII"],
  [".ann@example.com", "a dot can stand only between"],
  ["ann.@example.com", "a dot can stand only between"],
  ["a..b@example.com", "a dot can stand only between"],
  ["=?utf-8?Q?x?=@example.com", "an encoded word"],
  [`${"a".repeat(65)}@example.com`, "more than 64 bytes before the @"],
  [`${"a".repeat(64)}@${"b.".repeat(95)}example`, "more than 254 bytes"],
  [`ann@${"b".repeat(64)}.example`, "no domain name"],
])("%j is refused, and the reason told", (given, reason) => {
  expect(emailAddress(given)).toEqual({ problem: expect.stringContaining(reason) });
  const parsed = z.safeParse(emailField, given);
  expect(parsed.error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining(reason)]);
});

test("nothing is a field's value, and a refusal names what is missing", () => {
  expect(z.safeParse(emailField, undefined).error?.issues[0]?.message).toBe("is required");
  expect(z.safeParse(emailField, 1).error?.issues[0]?.message).toBe("must be text");
  expect(z.parse(emailField, "ann@störung.example")).toBe("ann@xn--strung-xxa.example");
});

test("what is taken is an address to a mail program too, and stays what it is", async () => {
  for (const address of TAKEN) {
    const mail = await composeMail({
      from: { name: "Page", address: "status@example.com" },
      host: "example.com",
      to: address,
      subject: "x",
      text: "x",
      html: "<p>x</p>",
      seed: "x",
      date: 0,
      thread: null,
      headers: {},
    });
    const { to } = await simpleParser(mail);
    const [read] = [to].flat()[0]?.value ?? [];
    const [local, domain = ""] = address.split("@");
    expect(read?.name).toBe("");
    // It shows A-labels as what they stand for.
    expect(read?.address?.toLowerCase()).toBe(`${local}@${domainToUnicode(domain)}`.toLowerCase());
    expect(mail).toMatch(/^To:\s+[!-~]+\r$/m);
  }
});

test("whatever is given: an ASCII address within the limits that is taken again, or a reason", () => {
  const piece = fc.constantFrom(
    "a",
    "ö",
    ".",
    "@",
    "-",
    "xn--",
    "例",
    "\u200b",
    " ",
    "'",
    "_",
    "[",
    '"',
    "com",
    "1",
    "。",
    "ß",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = emailAddress(pieces.join(""));
      if ("problem" in parsed) return;
      expect(parsed.address).toMatch(/^[!-~]{1,64}@[a-z0-9.-]+$/i);
      expect(emailAddress(parsed.address)).toEqual(parsed);
      expect(domainToUnicode(parsed.address.split("@")[1] ?? "")).not.toBe("");
    }),
    { numRuns: 2_000 },
  );
});
