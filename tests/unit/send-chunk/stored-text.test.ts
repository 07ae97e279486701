import { expect, test } from "vitest";
import type { Rendering } from "../../../functions/core/rendering.ts";
import { storedTexts } from "../../../functions/send-chunk/stored-text.ts";
import type { RenderingKey } from "../../../functions/store/deliveries/ledger.ts";

const UPDATE = { pageId: "page00000001", updateId: "update000001" };

/** A ledger with those texts, which remembers what it was asked for. */
function ledgerWith(stored: readonly string[]) {
  const asked: string[] = [];
  const getRendering = async ({ format, locale }: RenderingKey): Promise<Rendering | null> => {
    const name = `${format} ${locale}`;
    asked.push(name);
    return stored.includes(name) ? { parts: [name], slots: [] } : null;
  };
  return { asked, getRendering };
}

test("each text is read once, when the first of its readers comes", async () => {
  const ledger = ledgerWith(["email en", "email de"]);
  const texts = storedTexts(UPDATE, ledger);
  expect(ledger.asked).toEqual([]);
  const [german, english, again] = await Promise.all([
    texts({ format: "email", locale: "de" }),
    texts({ format: "email", locale: "en" }),
    texts({ format: "email", locale: "de" }),
  ]);
  expect([german, english, again].map(({ parts }) => parts[0])).toEqual(["email de", "email en", "email de"]);
  expect(ledger.asked).toEqual(["email de", "email en"]);
});

test("an update that was planned before a language was added is sent in one that it has", async () => {
  const texts = storedTexts(UPDATE, ledgerWith(["sms en"]));
  expect((await texts({ format: "sms", locale: "de" })).parts).toEqual(["sms en"]);
});

test("a format that is missing in every language is an error that names it", async () => {
  const texts = storedTexts(UPDATE, ledgerWith(["email en", "email de"]));
  await expect(texts({ format: "slack", locale: "de" })).rejects.toThrow(
    "update000001 was queued without its stored slack text",
  );
  await expect(texts({ format: "webhook", locale: null })).rejects.toThrow("its stored webhook text");
});
