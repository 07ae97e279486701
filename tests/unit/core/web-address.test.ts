import { describe, expect, it } from "vitest";
import { brandColourSchema, brandingSchema, logoUrlSchema } from "../../../functions/core/page.ts";
import { isPlainAddress } from "../../../functions/core/web-address.ts";

const HOSTILE = [
  "https://a;script-src.example/logo.png",
  "https://a;script-src 'unsafe-inline'/logo.png",
  "https://cdn.example,evil.example/logo.png",
  "https://*/logo.png",
  "https://*.example.org/logo.png",
  "https://'unsafe-inline'/logo.png",
  "https://a$b.example/l.png",
  "https://a_b.example/l.png",
  "https://-a.example/l.png",
  "https://a..example/l.png",
  "https://user@cdn.example/l.png",
  "https://user:pass@cdn.example/l.png",
  "http://cdn.example/l.png",
  "javascript:alert(1)",
  "data:image/png;base64,AA",
  "//cdn.example/l.png",
  "logo.png",
  'https://cdn.example/"><script>',
  `https://${"a".repeat(64)}.example/l.png`,
];

describe("an operator's logo", () => {
  it.each(HOSTILE)("is not at %s", (given) => {
    expect(logoUrlSchema.safeParse(given).success).toBe(false);
  });

  it.each([
    ["https://cdn.example/logo.png", "https://cdn.example/logo.png"],
    ["https://CDN.Example/logo.png", "https://cdn.example/logo.png"],
    ["https://bücher.example/löwe.png", "https://xn--bcher-kva.example/l%C3%B6we.png"],
    ["https://cdn.example/a b;c,d'e|g.png?x=1;y=2", "https://cdn.example/a%20b%3Bc%2Cd%27e%7Cg.png?x=1%3By=2"],
    ["https://192.0.2.1:8443/l.png", "https://192.0.2.1:8443/l.png"],
  ])("at %s is stored as %s", (given, stored) => {
    expect(logoUrlSchema.parse(given)).toBe(stored);
    expect(logoUrlSchema.parse(stored)).toBe(stored);
  });

  it("of an earlier version that would not be taken now is none, and the page can still be read", () => {
    const stored = { logoUrl: HOSTILE[0], colour: "#1b57c4" };
    expect(brandingSchema.parse(stored)).toEqual({ logoUrl: null, colour: "#1b57c4" });
  });
});

it.each([
  ["#1B57C4", "#1b57c4"],
  ["1b57c4", "#1b57c4"],
  [" #AbC ", "#aabbcc"],
])("the colour %j is %s", (given, stored) => {
  expect(brandColourSchema.parse(given)).toBe(stored);
});

it.each(["blue", "#12345", "#1b57c4;", "#gggggg", ""])("%j is no colour", (given) => {
  expect(brandColourSchema.safeParse(given).success).toBe(false);
});

it("takes an address of a deployment only as it may stand in a header", () => {
  const protocols = ["https:"];
  expect(isPlainAddress("https://status.example.com/a", protocols)).toBe(true);
  for (const given of [...HOSTILE, "https://bücher.example", "https://a.example/;x", "https://a.example/a b"]) {
    expect(isPlainAddress(given, protocols), given).toBe(false);
  }
});
