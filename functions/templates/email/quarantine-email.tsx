import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { postedTime } from "../wording.ts";
import { composeLetter, type LetterContent, type LetterMail, pageLink } from "./letter-email.tsx";

/** One endpoint that is not tried any more. */
interface QuarantinedEndpoint {
  /** Its path may be a secret, so the mail does not name it. */
  host: string;
  failingSince: number;
  quarantinedAt: number;
  /** How the last attempt ended, such as `http 500`. */
  reason: string;
}

export interface QuarantineMail extends LetterMail {
  /** IANA name of the page's zone. The mail's times are in it. */
  timeZone: string;
  /** At least one. */
  endpoints: readonly QuarantinedEndpoint[];
}

/** How many are named; the others are counted. */
const MOST_NAMED = 25;

/** The mail to a contact about their endpoints that are not tried any more: whole RFC 5322 text for one recipient. */
export function renderQuarantineMail(mail: QuarantineMail): Promise<string> {
  const { quarantine: strings, letters } = stringsOf(mail.locale);
  const [first] = mail.endpoints;
  const told = first !== undefined && mail.endpoints.length === 1 ? aboutOne(mail, first) : aboutMany(mail);
  const { blocks, ...content } = told;
  return composeLetter(mail, {
    ...content,
    tone: "major",
    blocks: [
      ...blocks,
      { kind: "text", words: [strings.comingBack] },
      { kind: "text", words: [strings.meanwhile] },
      { kind: "button", label: letters.seePage, url: mail.pageUrl },
    ],
    footer: strings.why,
    seed: `quarantine|${mail.to}|${JSON.stringify(mail.endpoints)}`,
  });
}

type Told = Pick<LetterContent, "subject" | "preheader" | "headline" | "blocks">;

function aboutOne(mail: QuarantineMail, endpoint: QuarantinedEndpoint): Told {
  const strings = stringsOf(mail.locale).quarantine;
  const [name, host] = [oneLine(mail.pageName), oneLine(endpoint.host)];
  const since = postedTime(endpoint.failingSince, mail);
  return {
    subject: strings.subject(name, host),
    preheader: strings.preheader(host, since),
    headline: strings.headline,
    blocks: [
      { kind: "text", words: strings.refused(pageLink(mail), { strong: host }) },
      {
        kind: "facts",
        facts: [
          [strings.failingSince, since],
          [strings.stopped, postedTime(endpoint.quarantinedAt, mail)],
          [strings.lastAttempt, answerOf(endpoint, strings.noAnswer)],
        ],
      },
    ],
  };
}

function aboutMany(mail: QuarantineMail): Told {
  const strings = stringsOf(mail.locale).quarantine;
  const { endpoints } = mail;
  const named = endpoints.slice(0, MOST_NAMED);
  const others = endpoints.length - named.length;
  return {
    subject: strings.many.subject(oneLine(mail.pageName), endpoints.length),
    preheader: strings.many.preheader(endpoints.length),
    headline: strings.many.headline,
    blocks: [
      { kind: "text", words: strings.many.refused(pageLink(mail), endpoints.length) },
      {
        kind: "facts",
        facts: named.map((endpoint) => [
          oneLine(endpoint.host),
          strings.many.since(postedTime(endpoint.failingSince, mail), answerOf(endpoint, strings.noAnswer)),
        ]),
      },
      ...(others === 0 ? [] : [{ kind: "text" as const, words: [strings.many.others(others)] }]),
    ],
  };
}

function answerOf({ reason }: QuarantinedEndpoint, noAnswer: string): string {
  const answer = oneLine(reason).replace(/^http (?=\d)/, "HTTP ");
  return answer === "" ? noAnswer : answer;
}
