import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import { encodeWord, foldLines } from "nodemailer/lib/mime-funcs";
import { oneLine } from "../markdown.ts";

export interface MailParts {
  from: { name: string; address: string };
  /** Where its Message-ID is unique. */
  host: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The identity of this mail. Boundary and Message-ID derive from it, so composing twice gives the same bytes. */
  seed: string;
  /**
   * null: the time of composing. SES writes its own Date and Message-ID over ours; ours keep the text complete and the
   * same.
   */
  date: number | null;
  /** Message-ID of the root of its thread, in angle brackets; null: it stands alone. */
  thread: string | null;
  /** Headers besides those that every mail of ours has. Values are ASCII, and are written as they are, on one line. */
  headers: Readonly<Record<string, string>>;
}

// We ask for it part by part. By itself the composer sends short ASCII as 7bit, where soft line breaks would be text.
const QUOTED_PRINTABLE = "quoted-printable";

/**
 * One mail, RFC 5322: CRLF, 7-bit, both parts quoted-printable. A name loses its line ends and controls on its way into
 * a header.
 */
export async function composeMail(parts: MailParts): Promise<string> {
  const seed = createHash("sha256").update(parts.seed).digest("hex").slice(0, 24);
  const { address } = parts.from;
  const [name, subject] = [oneLine(parts.from.name), oneLine(parts.subject)];
  const composer = new MailComposer({
    from: { name: hasEncodedWord(name) ? "" : name, address },
    to: parts.to,
    ...(hasEncodedWord(subject) ? {} : { subject }),
    text: { content: parts.text, contentTransferEncoding: QUOTED_PRINTABLE },
    html: { content: parts.html, contentTransferEncoding: QUOTED_PRINTABLE },
    boundaryPrefix: "tocsin",
    baseBoundary: seed,
    messageId: `<${seed}@${parts.host}>`,
    ...(parts.date === null ? {} : { date: new Date(parts.date) }),
    ...(parts.thread === null ? {} : { inReplyTo: parts.thread, references: parts.thread }),
    headers: {
      ...Object.fromEntries(
        Object.entries({
          // Nobody's autoresponder should answer (RFC 3834, and Exchange's own header).
          "Auto-Submitted": "auto-generated",
          "X-Auto-Response-Suppress": "All",
          ...parts.headers,
        }).map(([key, value]) => [key, { prepared: true, value: oneLine(value) }]),
      ),
      ...(hasEncodedWord(subject) ? { Subject: { prepared: true, foldLines: true, value: asWords(subject) } } : {}),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const built = await composer.compile().build();
  const mail = built.toString("latin1").replace(/\r?\n/g, "\r\n");
  // The composer lets nobody prepare this one header.
  const from = hasEncodedWord(name) ? foldLines(`From: ${asWords(name)} <${address}>`) : null;
  return from === null ? mail : mail.replace(/^From:.*(?:\r\n[ \t].*)*$/m, () => from);
}

/**
 * A mail program would decode what looks like an encoded word (RFC 2047), line ends and all. The composer leaves it as
 * it is if it is well formed or within quotation marks. Encoded once more, it arrives as the text that it is.
 */
function hasEncodedWord(text: string): boolean {
  return text.includes("=?");
}

function asWords(text: string): string {
  return encodeWord(text, "Q", 52);
}

/** The domain of an address. */
export function mailHost(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

const SOFT_BREAK = "(?:=\\r\\n)?";

/**
 * Puts each marker of the body on a line of its own, between soft line breaks. What is spliced in later (at most 70
 * characters that quoted-printable leaves alone) then keeps every line within 76 (RFC 2045), and decodes without a gap.
 * It also mends markers that a soft break had cut.
 */
export function isolateMarkers(mail: string, markers: readonly string[]): string {
  const bodyAt = mail.indexOf("\r\n\r\n");
  let body = mail.slice(bodyAt);
  for (const marker of markers) {
    const broken = new RegExp(`${SOFT_BREAK}${[...marker].join(SOFT_BREAK)}${SOFT_BREAK}`, "g");
    body = body.replace(broken, `=\r\n${marker}=\r\n`);
  }
  return mail.slice(0, bodyAt) + body;
}
