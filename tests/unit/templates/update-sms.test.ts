import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LOCALES } from "../../../functions/core/locale.ts";
import { cutToSeptets, isGsm, septetsOf, toGsm } from "../../../functions/templates/gsm7.ts";
import { composeUpdateSms, updateSmsText } from "../../../functions/templates/update-sms.ts";
import { SITE } from "../../fixtures/seed-incident.ts";
import { awkwardSource, seedSource } from "../../fixtures/template-sources.ts";

describe("the SMS of an update", () => {
  test("tells page, status, incident and link", () => {
    expect(updateSmsText(seedSource(1))).toBe(
      "DRACOON Cloud: Investigating: Partial Outage of DRACOON. https://status.example.com/incidents/seedincident",
    );
    expect(composeUpdateSms(seedSource(3))).toEqual({
      parts: ["DRACOON Cloud: Resolved: Partial Outage of DRACOON. https://status.example.com/incidents/seedincident"],
      slots: [],
    });
  });

  test("is told in German", () => {
    const german = { ...seedSource(1), page: { ...seedSource(1).page, locale: "de" as const } };
    expect(updateSmsText(german)).toBe(
      "DRACOON Cloud: Wird untersucht: Partial Outage of DRACOON. https://status.example.com/incidents/seedincident",
    );
  });

  test("is cut at a word when it would not fit", () => {
    const text = updateSmsText(
      awkwardSource({ incident: "Delays in the processing of uploads and downloads ".repeat(4) }),
    );
    expect(text).toMatch(/ [a-z]+\.\.\. https:\/\/status\.example\.com\/incidents\/seedincident$/);
    expect(text.length).toBeLessThanOrEqual(160);
  });

  test("is always one segment of GSM characters that ends in the link", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc
        .array(fc.constantFrom("€", "Ä", "–", "🚨", "{", "word ", "ł", "日本", "\n", "👩‍🚒", "^"), { maxLength: 200 })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom(...LOCALES), (page, incident, locale) => {
        const source = awkwardSource({ page, incident });
        const text = updateSmsText({ ...source, page: { ...source.page, locale } });
        expect(isGsm(text)).toBe(true);
        expect(septetsOf(text)).toBeLessThanOrEqual(160);
        expect(text.endsWith(`${SITE.pageUrl}/incidents/seedincident`)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe("GSM 03.38", () => {
  test("extension characters take two septets", () => {
    expect(septetsOf("a€{}")).toBe(7);
  });

  test.each([
    ["“Überlast” – geprüft…", '"Überlast" - geprüft...'],
    ["Łódź, Škoda, Ærø, naïve", "Lodz, Skoda, Ærø, naive"],
    ["on fire 🔥🔥 now 👩‍🚒", "on fire now"],
    ["ﬁn ½ ①", "fin 1/2 1"],
    ["日本", "??"],
    ["a\u00a0b\u200bc", "a bc"],
  ])("%s becomes %s", (text, plain) => {
    expect(toGsm(text)).toBe(plain);
  });

  test("what GSM has is kept", () => {
    expect(toGsm("ÄÖÜäöüß àéèìòù ÇØøÅå €[]{}^~|\\ @£$¥ ΔΦΓΛΩΠΨΣΘΞ")).toBe(
      "ÄÖÜäöüß àéèìòù ÇØøÅå €[]{}^~|\\ @£$¥ ΔΦΓΛΩΠΨΣΘΞ",
    );
  });

  test("a cut never splits what counts twice", () => {
    expect(cutToSeptets("€€€€€", 7)).toBe("€€...");
    expect(cutToSeptets("one two three", 10)).toBe("one two...");
  });
});
