import { sha256Hex } from "../../core/ids.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { composeLetter, type LetterMail, pageLink } from "./letter-email.tsx";

export interface ManageLinkMail extends LetterMail {
  /** Opens the page on which the subscription is changed. */
  manageUrl: string;
}

/** How long the link in it works. */
const MANAGE_LINK_DAYS = 7;

/** The mail with the link to change what one receives: whole RFC 5322 text for one recipient. */
export function renderManageLinkMail(mail: ManageLinkMail): Promise<string> {
  const { manageLink: strings, letters } = stringsOf(mail.locale);
  return composeLetter(mail, {
    subject: strings.subject(oneLine(mail.pageName)),
    preheader: strings.preheader,
    headline: strings.headline,
    tone: "info",
    blocks: [
      { kind: "text", words: strings.asked(pageLink(mail), { strong: mail.to }) },
      { kind: "link", label: strings.button, url: mail.manageUrl, days: MANAGE_LINK_DAYS },
      { kind: "text", words: [strings.secret] },
    ],
    footer: letters.ignore,
    seed: `manage link|${sha256Hex(mail.manageUrl)}`,
  });
}
