import { sha256Hex } from "../../core/ids.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { composeLetter, contactFooter, type LetterMail, pageLink } from "./letter-email.tsx";

export interface PortalLinkMail extends LetterMail {
  /**
   * Host of the endpoint. Its path may be a secret, so the mail does not name it. Null: the reader has not proved to be
   * its contact, so the mail repeats nothing that a stranger chose.
   */
  host: string | null;
  /** For such a reader: opens a page on which they close their mailbox. */
  declineUrl: string | null;
  portalUrl: string;
  /** How long the link works. */
  days: number;
  /**
   * Time in which the endpoint must prove whose it is. The link ends with a registration that does not. Null: it did so
   * once.
   */
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
