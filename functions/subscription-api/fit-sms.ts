import { cutToSeptets, septetsOf, toGsm } from "../templates/gsm7.ts";
import { SEGMENT_SEPTETS } from "../templates/update-sms.ts";

/** One segment of GSM characters: the words, cut if need be, and the link whole. */
export function fitSms(text: string, link: string | null): string {
  const tail = link === null ? "" : ` ${new URL(link).href}`;
  const told = cutToSeptets(toGsm(text), SEGMENT_SEPTETS - septetsOf(tail));
  return `${told}${tail}`.trim();
}
