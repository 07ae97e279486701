import type { Page } from "../../core/page.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { postedTime } from "../../templates/wording.ts";

/** The portal is for people who write integrations, and is in English. */
const LOCALE = "en";

export const STATUS_LABELS = stringsOf(LOCALE).statuses;

export function told(instant: number, { timeZone }: Page): string {
  return postedTime(instant, { timeZone, locale: LOCALE });
}
