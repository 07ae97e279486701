import type { Update } from "../../core/incident.ts";
import { type Rendering, renderingOf } from "../../core/rendering.ts";
import { markdownToHtml, oneLine } from "../markdown.ts";
import { slotMarker } from "../slot-marker.ts";
import { type UpdateSource, updatesAsOf } from "../update-source.ts";
import { composeMail, isolateMarkers } from "./email-skeleton.ts";
import type { Draft } from "./update-email-draft.ts";
import { updateHtml } from "./update-email-html.tsx";
import { updateText } from "./update-email-text.ts";

/**
 * Gmail clips a mail beyond 102 kB, and every kilobyte costs the subscribers' phones. So a whole mail is smaller than
 * this.
 */
export const MAIL_LIMIT_BYTES = 60_000;

/** How many characters of the newest update's body to try, in turn, if it stands alone and is still too long. */
const BODY_CUTS = [12_000, 6_000, 3_000, 1_500, 700] as const;
const LAST_CUT = 300;

/** The parts of a mail that differ between an update and a reminder. */
export interface MailKind {
  /** What the Message-ID derives from, and everything else that is this mail's own. */
  seed: string;
  date: number | null;
  text: (source: UpdateSource, draft: Draft) => string;
  html: (source: UpdateSource, draft: Draft) => string;
}

/**
 * The mail of an update, stored once for all its recipients of a language: whole RFC 5322 text with slots for the
 * sender, the address and the unsubscribe token. The newest update comes first, then as many earlier ones as fit. All mails of an
 * incident share subject and root, so they are one thread.
 */
export function composeUpdateEmail(source: UpdateSource): Promise<Rendering> {
  return composeForAll(source, kindOf(source), source.update.id);
}

/** `id`: of what the mail is about, different from that of any other mail. */
export async function composeForAll(source: UpdateSource, kind: MailKind, id: string): Promise<Rendering> {
  const sender = `${slotMarker(id, "sender")}@slot.invalid`;
  const address = `${slotMarker(id, "address")}@slot.invalid`;
  const token = slotMarker(id, "unsubscribe_token");
  const unsubscribeUrl = `${source.site.subscriptionsUrl}/unsubscribe/${token}`;
  const { mail } = await fittingMail(source, kind, { sender, address }, unsubscribeUrl);
  const slots = { [sender]: "sender", [address]: "address", [token]: "unsubscribe_token" } as const;
  return renderingOf(isolateMarkers(mail, [token]), slots);
}

/**
 * What a reader sees of the mail without opening it, and its plain text. `unsubscribeUrl` stands in the place of the
 * token.
 */
export async function readUpdateEmail(
  source: UpdateSource,
  unsubscribeUrl: string,
): Promise<{ subject: string; text: string }> {
  const anybody = { sender: "page@slot.invalid", address: "reader@slot.invalid" };
  const { draft } = await fittingMail(source, kindOf(source), anybody, unsubscribeUrl);
  return { subject: subjectOf(source), text: updateText(source, draft) };
}

function kindOf({ update }: UpdateSource): MailKind {
  return { seed: `update|${update.id}`, date: update.createdAt, text: updateText, html: updateHtml };
}

/** As many of the newest updates as fit. If the newest alone is too long, as much of it as fits. */
async function fittingMail(
  source: UpdateSource,
  kind: MailKind,
  addresses: Addresses,
  unsubscribeUrl: string,
): Promise<{ mail: string; draft: Draft }> {
  const all = updatesAsOf(source);
  const compose = async (told: number, cut: number | null) => {
    const draft: Draft = { told: all.slice(0, told), cut, unsubscribeUrl };
    return { draft, mail: await composeDraft(source, kind, draft, addresses) };
  };
  // A number between `fewest`, which fit, and `most`, which do not.
  let [fewest, most] = [0, candidatesOf(all) + 1];
  let fitting: { mail: string; draft: Draft } | null = null;
  for (let told = most - 1; most - fewest > 1; told = Math.ceil((fewest + most) / 2)) {
    const tried = await compose(told, null);
    if (tried.mail.length <= MAIL_LIMIT_BYTES - SPLICE_ALLOWANCE) [fewest, fitting] = [told, tried];
    else most = told;
  }
  if (fitting !== null) return fitting;
  for (const cut of BODY_CUTS) {
    fitting = await compose(1, cut);
    if (fitting.mail.length <= MAIL_LIMIT_BYTES - SPLICE_ALLOWANCE) return fitting;
  }
  return compose(1, LAST_CUT);
}

/** Bytes that any update takes in both parts, whatever it says: for its label, its time, its frame. */
const LEAST_BYTES = 400;

/** How many of the newest could fit, at least one. More are not composed, and those far beyond are not even parsed. */
function candidatesOf(newestFirst: readonly Update[]): number {
  let count = 0;
  let [written, read] = [0, 0];
  for (const { body } of newestFirst) {
    read += body.length;
    if (count > 0 && read > MAIL_LIMIT_BYTES) break;
    written += LEAST_BYTES + markdownToHtml(body).length;
    if (count > 0 && written > MAIL_LIMIT_BYTES) break;
    count += 1;
  }
  return Math.max(count, 1);
}

/** Room for soft breaks, and for addresses and tokens longer than their markers. */
const SPLICE_ALLOWANCE = 600;

interface Addresses {
  sender: string;
  address: string;
}

function composeDraft(
  source: UpdateSource,
  kind: MailKind,
  draft: Draft,
  { sender, address }: Addresses,
): Promise<string> {
  const { page, incident, site } = source;
  // The thread's, no matter who sends its mails.
  const host = new URL(site.pageUrl).hostname;
  return composeMail({
    from: { name: page.name, address: sender },
    host,
    to: address,
    subject: subjectOf(source),
    text: kind.text(source, draft),
    html: kind.html(source, draft),
    seed: kind.seed,
    date: kind.date,
    thread: `<incident-${incident.id}@${host}>`,
    headers: {
      "List-Unsubscribe": `<${draft.unsubscribeUrl}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      "List-Id": `<${page.id}.${host}>`,
    },
  });
}

/**
 * The same for every update of the incident, in every language, because mail clients thread by it. The status is in
 * headline and preview.
 */
function subjectOf({ page, update }: UpdateSource): string {
  return `[${oneLine(page.name)}] ${oneLine(update.incidentName)}`;
}
