import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { readableTexts, renderUpdate } from "../../../functions/compose/render-update.ts";
import { splice } from "../../../functions/core/rendering.ts";
import { renderedText } from "../../fixtures/rendered-text.ts";
import { MAIL_FROM, SITE } from "../../fixtures/seed-incident.ts";
import { seedSource } from "../../fixtures/template-sources.ts";

const settings = { ...SITE, mailFrom: MAIL_FROM };
const slots = { sender: "status@example.com", address: "reader@example.com", unsubscribe_token: "..." };

describe("the texts of a preview", () => {
  test.each([1, 2, 3, 4] as const)("are those that update %i of an incident is sent with", async (count) => {
    const source = { ...seedSource(count), now: 1_751_882_700_000 };
    const [texts, rendered] = await Promise.all([readableTexts(source, settings), renderUpdate(source, settings)]);
    const raw = splice(renderedText(rendered, "email"), slots);
    const mail = await simpleParser(raw);
    expect(texts.email.subject).toBe(mail.subject);
    expect(texts.email.text.trim()).toBe(mail.text?.trim());
    expect(texts.email.bytes).toBe(raw.length);
    expect(texts.sms).toMatchObject({
      text: splice(renderedText(rendered, "sms"), slots),
      encoding: "GSM-7",
      segments: 1,
    });
    expect(texts.webhook).toEqual(JSON.parse(splice(renderedText(rendered, "webhook"), slots)));
  });

  test("count an SMS as the most segments that it takes in any language", async () => {
    const seed = { ...seedSource(1), now: 1_751_882_700_000 };
    const short = { ...settings, pageUrl: "https://s.example" };
    // "Wird untersucht" is two letters more than "Investigating".
    const named = (letters: number) => ({
      ...seed,
      page: { ...seed.page, name: "П" },
      update: { ...seed.update, incidentName: "ж".repeat(letters) },
    });
    const sizes = await Promise.all(Array.from({ length: 12 }, (_, index) => readableTexts(named(index + 1), short)));
    const fitting = sizes.filter(({ sms }) => sms.segments === 1);
    expect(fitting.at(-1)).toMatchObject({ sms: { encoding: "UCS-2", units: 70, segments: 1 }, smsSegments: 2 });
    expect(fitting[0]).toMatchObject({ smsSegments: 1 });
  });

  test("are in the page's language, chats among them", async () => {
    const source = { ...seedSource(1), now: 1_751_882_700_000 };
    const german = { ...source, page: { ...source.page, locale: "de" as const } };
    const [texts, rendered] = await Promise.all([readableTexts(german, settings), renderUpdate(german, settings)]);
    expect(texts.locale).toBe("de");
    expect(texts.email.text).toContain("Wird untersucht - 7. Juli 2025, 12:05 MESZ (10:05 UTC)");
    expect(texts.sms.text).toBe(splice(renderedText(rendered, "sms", "de"), slots));
    expect(texts.chats.teams).toEqual(JSON.parse(splice(renderedText(rendered, "teams", "de"), slots)));
  });

  test("are shortened where the mail is", async () => {
    const source = { ...seedSource(1), now: 1_751_882_700_000 };
    const update = { ...source.update, body: "Störungen überall. ".repeat(1_200) };
    const long = { ...source, update, updates: [...source.updates.filter(({ id }) => id !== update.id), update] };
    const texts = await readableTexts(long, settings);
    const mail = await simpleParser(splice(renderedText(await renderUpdate(long, settings), "email"), slots));
    expect(texts.email.text.length).toBeLessThan(update.body.length);
    expect(texts.email.text.trim()).toBe(mail.text?.trim());
  });
});

test("an update has every text in every language, and one body for programs whatever the page's is", async () => {
  const source = { ...seedSource(1), now: 1_751_882_700_000 };
  const german = { ...source, page: { ...source.page, locale: "de" as const } };
  const [one, other] = await Promise.all([renderUpdate(source, settings), renderUpdate(german, settings)]);
  const named = one.texts.map(({ format, locale }) => `${format} ${locale}`);
  expect(named.sort()).toEqual(
    ["email", "sms", "slack", "discord", "teams"]
      .flatMap((format) => [`${format} de`, `${format} en`])
      .concat("webhook null")
      .sort(),
  );
  expect(other).toEqual(one);
});
