import type { Rendering } from "../core/rendering.ts";
import { cutToSeptets, septetsOf, toGsm } from "./gsm7.ts";
import { incidentUrl } from "./statuspage-json.ts";
import type { UpdateSource } from "./update-source.ts";
import { updateLabel } from "./wording.ts";

/** Septets of one segment (3GPP TS 23.040); a second one would double the price. */
export const SEGMENT_SEPTETS = 160;

/** Components are not told of in an SMS. */
export type UpdateSmsSource = Omit<UpdateSource, "catalog">;

/** `DRACOON Cloud: Investigating: Partial Outage of DRACOON. https://…`, in the page's language and one segment of GSM characters. */
export function updateSmsText({ page, incident, updates, update, site }: UpdateSmsSource): string {
  // An address is ASCII, percent-encoded where need be; the backtick is the one such character that GSM lacks.
  const link = new URL(incidentUrl(site.pageUrl, incident.id)).href.replaceAll("`", "%60");
  const room = SEGMENT_SEPTETS - septetsOf(link) - septetsOf(". ");
  const label = toGsm(updateLabel(update, updates, page.locale));
  const headline = `${toGsm(page.name)}: ${label}: ${toGsm(update.incidentName)}`;
  const told = cutToSeptets(headline, room);
  if (told === "") return link;
  return `${told}${/[.!?]$/.test(told) ? "" : "."} ${link}`;
}

/** Nothing in it differs from recipient to recipient. */
export function composeUpdateSms(source: UpdateSmsSource): Rendering {
  return { parts: [updateSmsText(source)], slots: [] };
}
