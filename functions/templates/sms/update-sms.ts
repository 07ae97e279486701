import type { Rendering } from "../../core/rendering.ts";
import { incidentUrl } from "../public-page.ts";
import type { UpdateSource } from "../update-source.ts";
import { updateLabel } from "../wording.ts";
import { smsText } from "./sms-text.ts";

/** An SMS does not list components. */
export type UpdateSmsSource = Omit<UpdateSource, "catalog">;

/** `DRACOON Cloud: Investigating: Partial Outage of DRACOON. https://…`, in the page's language. */
export function updateSmsText({ page, incident, updates, update, site }: UpdateSmsSource): string {
  const headline = `${page.name}: ${updateLabel(update, updates, page.locale)}: ${update.incidentName}`;
  return smsText(headline, incidentUrl(site.pageUrl, incident.id));
}

/** The text is the same for all recipients. */
export function composeUpdateSms(source: UpdateSmsSource): Rendering {
  return { parts: [updateSmsText(source)], slots: [] };
}
