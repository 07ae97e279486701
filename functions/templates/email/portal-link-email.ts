import { sha256Hex } from "../../core/ids.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { composeLetter, contactFooter, type LetterMail, pageLink } from "./letter-email.tsx";

export interface PortalLinkMail extends LetterMail {
  /** Host of the endpoint; its path may be a secret and is not told. Null: whoever gets this has not proved to be its contact, and is told nothing that a stranger chose. */
  host: string | null;
  /** For them: opens a page on which they close their mailbox. */
  declineUrl: string | null;
  portalUrl: string;
  /** How long the link works. */
  days: number;
  /** In which the endpoint must prove whose it is: the link ends with a registration that does not. Null: it did once. */
  daysToProve: number | null;
}

/** The mail with an integrator's link to their endpoint's portal: whole RFC 5322 text for one recipient. */
export function renderPortalLinkMail(mail: PortalLinkMail): Promise<string> {
  const { portal: strings, letters } = stringsOf(mail.locale);
  const host = mail.host === null ? null : oneLine(mail.host);
  return composeLetter(mail, {
    subject: strings.subject(host, oneLine(mail.pageName)),
    preheader: strings.preheader,
    headline: strings.headline,
    tone: "info",
    blocks: [
      { kind: "text", words: strings.asked(pageLink(mail), host === null ? null : { strong: host }) },
      { kind: "link", label: strings.button, url: mail.portalUrl, days: mail.days },
      ...(mail.daysToProve === null ? [] : [{ kind: "text", words: [strings.unproven(mail.daysToProve)] } as const]),
      { kind: "text", words: [strings.secret] },
    ],
    footer: contactFooter(mail.declineUrl, letters),
    seed: `portal link|${sha256Hex(mail.portalUrl)}`,
  });
}
