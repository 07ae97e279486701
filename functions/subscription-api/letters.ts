import type { Random } from "../core/clock.ts";
import { newId } from "../core/ids.ts";
import type { Invitation } from "../core/invitation.ts";
import { linkToken } from "../core/link-token.ts";
import type { Locale } from "../core/locale.ts";
import type { Branding } from "../core/page.ts";
import type { LetterCause } from "../core/permit.ts";
import { letterWork, smsLetterWork } from "../core/queued-work.ts";
import {
  addressOf,
  type EmailSubscriber,
  type Scopes,
  type SmsSubscriber,
  type Subscriber,
} from "../core/subscriber.ts";
import type { LetterQueue, SmsLetterQueue } from "../providers/queues.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import type { PageLook } from "./page-of.ts";
import type { Visit } from "./visit.ts";

const DAY_MS = 24 * 60 * 60_000;
const MANAGE_LINK_LIFE_MS = 7 * DAY_MS;
export const UNDO_LIFE_MS = 30 * DAY_MS;

export interface MailTo {
  pageName: string;
  branding: Branding;
  locale: Locale;
  to: string;
}

interface FarewellFacts {
  unsubscribedAt: number;
  /** The zone in which the letter shows that time. */
  timeZone: string;
  how: "link" | "mail program" | "manage page";
  undoUrl: string;
}

/** Whole mails, RFC 5322. */
export interface Renderers {
  /** `token`: for the links to confirm and to decline. */
  renderConfirmation: (mail: MailTo & { token: string }) => Promise<string>;
  renderManageLink: (mail: MailTo & { manageUrl: string }) => Promise<string>;
  renderFarewell: (mail: MailTo & FarewellFacts) => Promise<string>;
  /** Fits into one segment: the words first, cut if need be, and then an address. */
  fitSms: (text: string, link: string | null) => string;
}

export interface LetterDeps extends Renderers {
  letters: LetterQueue;
  smsLetters: SmsLetterQueue;
  random: Random;
  /** No trailing slash. */
  subscriptionsUrl: string;
}

/** Who asks for a link: see LetterCause. */
export type Asker = Extract<LetterCause, "anybody" | "own link">;

/** What to tick on the page behind a manage link, as `?components=a,b&incidents=c` or `?everything=yes`; null: nothing. */
export type Ticked = Scopes | null;

/**
 * An HTTP API takes 10,240 bytes of request line and headers. People tick hundreds of components on the page itself.
 */
const LONGEST_QUERY = 6_000;

function manageUrl(
  { subscriptionsUrl }: Pick<LetterDeps, "subscriptionsUrl">,
  { key, now }: Pick<Visit, "key" | "now">,
  subscriber: Pick<Subscriber, "pageId" | "channel" | "id">,
  bound: string,
  ticked: Ticked = null,
): string {
  const { pageId, channel, id: subscriberId } = subscriber;
  const token = linkToken(key, "manage", { pageId, channel, subscriberId }, now + MANAGE_LINK_LIFE_MS, bound);
  const query = new URLSearchParams();
  if (ticked?.page) query.set("everything", "yes");
  if (ticked !== null && ticked.components.length > 0) query.set("components", ticked.components.join(","));
  if (ticked !== null && ticked.incidents.length > 0) query.set("incidents", ticked.incidents.join(","));
  const asked = query.toString();
  return `${subscriptionsUrl}/manage/${token}${asked === "" || asked.length > LONGEST_QUERY ? "" : `?${asked}`}`;
}

export async function sendConfirmationLetter(
  deps: LetterDeps,
  subscriber: EmailSubscriber,
  { name: pageName, branding }: PageLook,
  token: string,
  invitation: Invitation,
): Promise<void> {
  const { locale } = invitation;
  const raw = await deps.renderConfirmation({ pageName, branding, locale, to: subscriber.email, token });
  const content = { cause: "anybody", letter: { about: "confirmation", invitation }, raw } as const;
  await deps.letters.sendLetter(letterWork(subscriber, content, deps.random));
}

export async function sendManageLetter(
  deps: LetterDeps,
  visit: Visit<PageLook>,
  subscriber: EmailSubscriber,
  cause: Asker,
  ticked: Ticked = null,
): Promise<void> {
  const { locale, email } = subscriber;
  const { name: pageName, branding } = visit.page;
  const url = manageUrl(deps, visit, subscriber, addressOf(subscriber), ticked);
  const raw = await deps.renderManageLink({ pageName, branding, locale, to: email, manageUrl: url });
  const content = { cause, letter: { about: "manage link" }, raw } as const;
  await deps.letters.sendLetter(letterWork(subscriber, content, deps.random));
}

/** Does as much work as a letter to somebody, for nobody. */
export async function sendDecoyLetter(
  deps: LetterDeps,
  visit: Visit<PageLook>,
  mail: Pick<MailTo, "locale" | "to">,
): Promise<void> {
  const { id: pageId, name: pageName, branding } = visit.page;
  const nobody = { pageId, channel: "email", id: newId(deps.random) } as const;
  const raw = await deps.renderManageLink({
    ...mail,
    pageName,
    branding,
    manageUrl: manageUrl(deps, visit, nobody, ""),
  });
  const content = { cause: "anybody", letter: { about: "nothing" }, raw } as const;
  await deps.letters.sendLetter(letterWork(nobody, content, deps.random));
}

export async function sendManageSms(
  deps: LetterDeps,
  visit: Visit<PageLook>,
  subscriber: SmsSubscriber,
  cause: Asker,
): Promise<void> {
  const url = manageUrl(deps, visit, subscriber, addressOf(subscriber));
  const text = deps.fitSms(stringsOf(subscriber.locale).subscriptions.smsLink(visit.page.name), url);
  const endsAt = visit.now + 60 * 60_000;
  const content = { about: "manage link", cause, text, endsAt } as const;
  await deps.smsLetters.sendSmsLetter(smsLetterWork(subscriber, content, deps.random));
}
