import { sha256Hex } from "../../core/ids.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { composeLetter, type Inline, type LetterMail, pageLink } from "./letter-email.tsx";

export interface ConfirmationMail extends LetterMail {
  /** Opens a page with a button. Mail scanners follow links, so opening it must change nothing. */
  confirmUrl: string;
  /** Opens such a page too, for somebody who did not ask for this and wants never to be written to again. */
  declineUrl: string;
}

const LINK_DAYS = 90;

/** The mail that asks for a confirmation: whole RFC 5322 text for one recipient. */
export function renderConfirmationMail(mail: ConfirmationMail): Promise<string> {
  const strings = stringsOf(mail.locale).confirmation;
  const name = oneLine(mail.pageName);
  return composeLetter(mail, {
    subject: strings.subject(name),
    preheader: strings.preheader(name),
    headline: strings.headline,
    tone: "info",
    blocks: [
      { kind: "text", words: strings.asked(pageLink(mail)) },
      { kind: "link", label: strings.button, url: mail.confirmUrl, days: LINK_DAYS },
    ],
    footer: strings.ignore((link): Inline => ({ link, url: mail.declineUrl })),
    // Only the link makes it unique, and a hash of the link gives nothing away.
    seed: `confirmation|${sha256Hex(mail.confirmUrl)}`,
  });
}
