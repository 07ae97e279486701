import { newId } from "../core/ids.ts";
import type { Page } from "../core/page.ts";
import { linkToken, type SigningKey } from "../core/signature.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import { type ContactMail, contactLetter, contactMail, isContactProven, toldToContact } from "./contact-letter.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const LINK_DAYS = 30;

/**
 * A link is for one registration of an endpoint by one contact: whoever registers it anew makes the links before void
 * (`createdAt` tells registrations apart). A new secret does not, for it is made on the page that the link opens.
 */
export function boundOf({ contactEmail, endpoint, createdAt }: WebhookSubscriber): string {
  return JSON.stringify([contactEmail, endpoint, createdAt]);
}

export function portalPath(key: SigningKey, subscriber: WebhookSubscriber, now: number): string {
  const { pageId, channel, id: subscriberId } = subscriber;
  const endsAt = now + LINK_DAYS * DAY_MS;
  return `/portal/${linkToken(key, "manage", { pageId, channel, subscriberId }, endsAt, boundOf(subscriber))}`;
}

/** Mails the contact a link to the portal, if there is one and it may be written to just now. */
export async function mailPortalLink(
  deps: WebhookDeps,
  { page, key, subscriber }: { page: Page; key: SigningKey; subscriber: WebhookSubscriber },
  now: number,
): Promise<ContactMail> {
  const { contactEmail: to, locale, pageId } = subscriber;
  if (to === null) return "withhold";
  const isProven = isContactProven(subscriber);
  const mail = await contactMail(deps, { pageId, key, email: to, isProven, now });
  if (mail !== "send") return mail;
  const portalUrl = `${deps.subscriptionsUrl}${portalPath(key, subscriber, now)}`;
  const told = toldToContact(deps, key, subscriber, to);
  const raw = await deps.renderPortalLink({ page, locale, to, ...told, days: LINK_DAYS, portalUrl });
  await deps.letters.sendLetter(contactLetter(deps, subscriber, to, raw, "anybody"));
  return mail;
}

/** The same work for an endpoint that nobody registered, so that the time it takes tells nothing; it reaches nobody. */
export async function mailNobody(
  deps: WebhookDeps,
  { page, key, endpoint }: { page: Page; key: SigningKey; endpoint: string },
  now: number,
): Promise<void> {
  // Counted for the endpoint, as its contact's mailbox would be.
  if ((await contactMail(deps, { pageId: page.id, key, email: endpoint, isProven: false, now })) !== "send") return;
  const subject = { pageId: page.id, channel: "webhook" as const, subscriberId: newId(deps.random) };
  const portalUrl = `${deps.subscriptionsUrl}/portal/${linkToken(key, "manage", subject, now, endpoint)}`;
  const raw = await deps.renderPortalLink({
    page,
    locale: page.locale,
    to: "nobody@localhost",
    host: null,
    declineUrl: null,
    days: 0,
    portalUrl,
  });
  const [letterId, letter] = [newId(deps.random), { about: "nothing" } as const];
  await deps.letters.sendLetter({ kind: "letter", ...subject, letterId, cause: "anybody", letter, raw });
}
