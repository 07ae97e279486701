import { LOCALES } from "../core/locale.ts";
import type { Rendering, TextName } from "../core/rendering.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { UpdateRef } from "./channel-sender.ts";

/**
 * The texts of one update. plan-notifications stored them before it queued anything of the update; each is read once,
 * when its first reader comes. An update planned before a language was added is sent in one that it has. Throws if
 * there is none.
 */
export function storedTexts(
  update: Pick<UpdateRef, "pageId" | "updateId">,
  ledger: Pick<Ledger, "getRendering">,
): (name: TextName) => Promise<Rendering> {
  const reading = new Map<string, Promise<Rendering>>();
  return (name) => {
    const key = `${name.format} ${name.locale}`;
    const text = reading.get(key) ?? read(update, name, ledger);
    reading.set(key, text);
    return text;
  };
}

async function read(
  { pageId, updateId }: Pick<UpdateRef, "pageId" | "updateId">,
  wanted: TextName,
  ledger: Pick<Ledger, "getRendering">,
): Promise<Rendering> {
  for (const name of [wanted, ...inOtherLanguages(wanted)]) {
    const text = await ledger.getRendering({ pageId, updateId, ...name });
    if (text !== null) return text;
  }
  throw new Error(`update ${updateId} was queued without its stored ${wanted.format} text`);
}

function inOtherLanguages(name: TextName): TextName[] {
  if (name.locale === null) return [];
  return LOCALES.filter((locale) => locale !== name.locale).map((locale) => ({ ...name, locale }));
}
