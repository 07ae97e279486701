import { composeLetter, type LetterMail, pageLink } from "./letter-email.tsx";
import { oneLine } from "./markdown.ts";
import { stringsOf } from "./strings/strings-of.ts";
import { postedTime } from "./wording.ts";

export interface QuarantineMail extends LetterMail {
  /** IANA name of the page's zone, in which times are told. */
  timeZone: string;
  /** Host of the endpoint; its path may be a secret and is not told. */
  host: string;
  failingSince: number;
  quarantinedAt: number;
  /** How the last attempt ended, such as `http 500`. */
  reason: string;
}

/** The mail that tells an endpoint's contact that it is not tried any more: whole RFC 5322 text for one recipient. */
export function renderQuarantineMail(mail: QuarantineMail): Promise<string> {
  const { quarantine: strings, letters } = stringsOf(mail.locale);
  const [name, host] = [oneLine(mail.pageName), oneLine(mail.host)];
  const since = postedTime(mail.failingSince, mail);
  const answer = oneLine(mail.reason).replace(/^http (?=\d)/, "HTTP ");
  return composeLetter(mail, {
    subject: strings.subject(name, host),
    preheader: strings.preheader(host, since),
    headline: strings.headline,
    tone: "major",
    blocks: [
      { kind: "text", words: strings.refused(pageLink(mail), { strong: host }) },
      {
        kind: "facts",
        facts: [
          [strings.failingSince, since],
          [strings.stopped, postedTime(mail.quarantinedAt, mail)],
          [strings.lastAttempt, answer === "" ? strings.noAnswer : answer],
        ],
      },
      { kind: "text", words: [strings.comingBack] },
      { kind: "text", words: [strings.meanwhile] },
      { kind: "button", label: letters.seePage, url: mail.pageUrl },
    ],
    footer: strings.why,
    seed: `quarantine|${mail.to}|${mail.host}|${mail.quarantinedAt}`,
  });
}
