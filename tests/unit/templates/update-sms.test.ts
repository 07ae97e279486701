import fc from "fast-check";
import { SegmentedMessage } from "sms-segments-calculator";
import { describe, expect, test } from "vitest";
import { LOCALES } from "../../../functions/core/locale.ts";
import { isGsm, smsSize } from "../../../functions/core/sms-size.ts";
import { toGsm } from "../../../functions/templates/sms/gsm7.ts";
import { cutToUnits, smsText } from "../../../functions/templates/sms/sms-text.ts";
import { composeUpdateSms, updateSmsText } from "../../../functions/templates/sms/update-sms.ts";
import { SITE } from "../../fixtures/seed-incident.ts";
import { awkwardSource, seedSource } from "../../fixtures/template-sources.ts";

const LINK = `${SITE.pageUrl}/incidents/seedincident`;

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

  test.each([
    ["Cyrillic", "Сервис недоступен"],
    ["Japanese", "サービスが停止しています"],
    ["Greek", "Η υπηρεσία δεν είναι διαθέσιμη"],
    ["Arabic", "الخدمة غير متاحة"],
    ["Hindi", "सेवा उपलब्ध नहीं है"],
    ["an emoji", "🚨 API “down”"],
    ["one foreign letter among many", "Łódź – €: Ж"],
  ])("in %s is told as it is, in UCS-2", (_, incident) => {
    const text = updateSmsText(awkwardSource({ page: "Página", incident }));
    expect(text).toBe(`Página: Investigating: ${incident}. ${LINK}`);
    expect(smsSize(text)).toMatchObject({ encoding: "UCS-2", segments: 2 });
  });

  test("a long one in UCS-2 is two segments, cut at a word, the link whole", () => {
    const text = updateSmsText(awkwardSource({ page: "Пример", incident: "Сервис недоступен ".repeat(20) }));
    expect(text).toMatch(new RegExp(`(?:Сервис|недоступен)… ${LINK}$`));
    expect(smsSize(text)).toMatchObject({ encoding: "UCS-2", segments: 2 });
  });

  test("an address in a name stays one, and nothing stands behind it", () => {
    const told = (incident: string) => updateSmsText(awkwardSource({ page: "P", incident }));
    expect(told("See https://a.example/x_y")).toBe(`P: Investigating: See https://a.example/x_y ${LINK}`);
    expect(told("https://á.example/áb")).toBe(`P: Investigating: https://xn--1ca.example/%C3%A1b ${LINK}`);
    expect(told(`${"word ".repeat(8)}https://a.example/${"x".repeat(80)}`)).toBe(
      `P: Investigating: ${"word ".repeat(8).trim()}... ${LINK}`,
    );
  });

  test("whatever its text: of as many segments as it may have, ends in the link, and no character becomes another", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc
        .array(fc.constantFrom("€", "Ä", "–", "🚨", "{", "word ", "ł", "日本", "\n", "👩‍🚒", "^", "न्", "ы́"), {
          maxLength: 200,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom(...LOCALES), (page, incident, locale) => {
        const source = awkwardSource({ page, incident });
        const text = updateSmsText({ ...source, page: { ...source.page, locale } });
        const { encoding, segments } = smsSize(text);
        expect(segments).toBeLessThanOrEqual(encoding === "GSM-7" ? 1 : 2);
        expect(text.endsWith(LINK)).toBe(true);
        expect(text.isWellFormed()).toBe(true);
        const theirs = new SegmentedMessage(text);
        expect(theirs.encodingName).toBe(encoding);
        const questions = (of: string) => of.split("?").length;
        expect(questions(text)).toBeLessThanOrEqual(questions(page + incident));
      }),
      { numRuns: 200 },
    );
  });
});

describe("other SMS", () => {
  test.each(["Пример", "サービス", "🚨 Status"])("a code of %s names the page", (page) => {
    const text = smsText(`123456 is your code to confirm status updates of ${page}. It works for 10 minutes.`, null);
    expect(text).toBe(`123456 is your code to confirm status updates of ${page}. It works for 10 minutes.`);
    expect(smsSize(text)).toMatchObject({ encoding: "UCS-2", segments: 2 });
  });

  test("a link has nothing behind it, and its colon in front", () => {
    expect(smsText("Пример: change what you receive:", "https://a.example/manage/x_-y")).toBe(
      "Пример: change what you receive: https://a.example/manage/x_-y",
    );
  });
});

describe("what has a likeness in GSM 03.38", () => {
  test.each([
    ["“Überlast” – geprüft…", '"Überlast" - geprüft...'],
    ["Łódź, Škoda, Ærø, naïve, Timișoara, Đuro", "Lodz, Skoda, Ærø, naive, Timisoara, Duro"],
    ["ﬁn ½ ①", "fin 1/2 1"],
    ["a\u00a0b\u200bc\u202ed", "a bcd"],
    ["x\u0323 a\u0301", "x a"],
    ["ΑΒΕΖΗ", "ABEZH"],
    ["≥ 5 µs", ">= 5 us"],
    ["5 m² CO₂", "5 m2 CO2"],
  ])("%s becomes %s", (text, plain) => {
    expect(toGsm(text)).toBe(plain);
  });

  test.each(["日本", "ы", "α", "μ", "م", "א", "🔥", "❤️", "ə", "✓", "₽", "ก", "\ufffd"])("%s has none", (text) => {
    expect(toGsm(`a ${text}`)).toBeNull();
  });

  test.each(["≠ 5", "a\u0336b\u0336", "10⁶", "10⁻³", "1½ h", "①②", "≮"])("%s would say something else", (text) => {
    expect(toGsm(text)).toBeNull();
  });

  test("what GSM has is kept", () => {
    const all = "ÄÖÜäöüß àéèìòù ÇØøÅå €[]{}^~|\\ @£$¥ ΔΦΓΛΩΠΨΣΘΞ";
    expect(toGsm(all)).toBe(all);
    expect(isGsm(all)).toBe(true);
  });

  test("a cut never splits what counts twice, or what is one character to the eye", () => {
    expect(cutToUnits("€€€€€", 7, "GSM-7")).toBe("€€...");
    expect(cutToUnits("one two three", 10, "GSM-7")).toBe("one two...");
    expect(cutToUnits("ы🚨🚨🚨", 5, "UCS-2")).toBe("ы🚨…");
    expect(cutToUnits("ы👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 20, "UCS-2")).toBe("ы👩‍👩‍👧‍👦…");
  });
});
