import { sha256Hex } from "../../core/ids.ts";
import { oneLine } from "../markdown.ts";
import type { Leaving } from "../strings/strings.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { postedTime } from "../wording.ts";
import { composeLetter, type LetterMail, pageLink } from "./letter-email.tsx";

export interface UnsubscribedMail extends LetterMail {
  /** IANA name of the page's zone. */
  timeZone: string;
  unsubscribedAt: number;
  how: Leaving;
  /** Opens a page with a button that undoes it. */
  undoUrl: string;
}

/** How long the link in it works. */
const UNDO_LINK_DAYS = 30;

/** The receipt for an address that was unsubscribed, perhaps by another of its readers: whole RFC 5322 text. */
export function renderUnsubscribedMail(mail: UnsubscribedMail): Promise<string> {
  const strings = stringsOf(mail.locale).unsubscribed;
  return composeLetter(mail, {
    subject: strings.subject(oneLine(mail.pageName)),
    preheader: strings.preheader(UNDO_LINK_DAYS),
    headline: strings.headline,
    tone: "calm",
    blocks: [
      { kind: "text", words: strings.nothingMore(pageLink(mail), { strong: mail.to }) },
      {
        kind: "facts",
        facts: [
          [strings.askedAt, postedTime(mail.unsubscribedAt, mail)],
          [strings.askedHow, strings.how[mail.how]],
        ],
      },
      { kind: "text", words: [strings.shared] },
      { kind: "link", label: strings.button, url: mail.undoUrl, days: UNDO_LINK_DAYS },
    ],
    footer: strings.why,
    seed: `unsubscribed|${sha256Hex(mail.undoUrl)}`,
  });
}
