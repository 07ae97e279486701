import type { Locale } from "../../core/locale.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { Strings } from "./strings.ts";

const STRINGS: Record<Locale, Strings> = { en, de };

export function stringsOf(locale: Locale): Strings {
  return STRINGS[locale];
}
