import { sha256Hex } from "../../core/ids.ts";
import type { ChatFormat } from "../../core/subscriber.ts";
import { CHAT_NAMES } from "../chat-names.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { composeLetter, contactFooter, type LetterMail, pageLink } from "./letter-email.tsx";

export interface ChatConfirmationMail extends LetterMail {
  chat: ChatFormat;
  /**
   * Host of the hook. Its path is its secret, so the mail does not name it. Null, and `declineUrl`: as in the mail with
   * the link to the portal.
   */
  host: string | null;
  declineUrl: string | null;
  /** Opens a page with a button, because opening it must change nothing. */
  confirmUrl: string;
  /** How long the link works. */
  days: number;
}

/** The mail that asks a chat hook's contact whether the test post has arrived: whole RFC 5322 text for one recipient. */
export function renderChatConfirmationMail(mail: ChatConfirmationMail): Promise<string> {
  const { chatConfirmation: strings, letters } = stringsOf(mail.locale);
  const chat = CHAT_NAMES[mail.chat];
  return composeLetter(mail, {
    subject: strings.subject(chat, oneLine(mail.pageName)),
    preheader: strings.preheader(chat),
    headline: strings.headline(chat),
    tone: "info",
    blocks: [
      {
        kind: "text",
        words: strings.asked(pageLink(mail), chat, mail.host === null ? null : { strong: oneLine(mail.host) }),
      },
      { kind: "text", words: [strings.test] },
      { kind: "link", label: strings.button, url: mail.confirmUrl, days: mail.days },
    ],
    footer: contactFooter(mail.declineUrl, { ...letters, ignore: strings.ignore }),
    seed: `chat confirmation|${sha256Hex(mail.confirmUrl)}`,
  });
}
