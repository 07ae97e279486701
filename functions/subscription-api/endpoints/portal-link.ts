import { newId, sha256Hex } from "../../core/ids.ts";
import { linkToken } from "../../core/link-token.ts";
import type { Page } from "../../core/page.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { UNPROVEN_DAYS, type WebhookSubscriber } from "../../core/subscriber.ts";
import { newWebhookSubscriber } from "../../subscriptions/new-subscriber.ts";
import type { Visit } from "../visit.ts";
import { contactLetter, contactMail, isContactProven, toldToContact } from "./contact-letter.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const LINK_DAYS = 30;

/**
 * A link is for one registration of an endpoint by one contact: a new registration makes earlier links void
 * (`createdAt` distinguishes registrations). A new secret does not, because it is made on the page that the link opens.
 */
export function boundOf({ contactEmail, endpoint, createdAt }: WebhookSubscriber): string {
  return JSON.stringify([contactEmail, endpoint, createdAt]);
}

function portalPath(key: SigningKey, subscriber: WebhookSubscriber, now: number): string {
  const { pageId, channel, id: subscriberId } = subscriber;
  const endsAt = now + LINK_DAYS * DAY_MS;
  return `/portal/${linkToken(key, "manage", { pageId, channel, subscriberId }, endsAt, boundOf(subscriber))}`;
}

/**
 * Mails the contact a link to the portal, if there is one and mail may go to them now. Otherwise, and for an endpoint
 * that nobody registered (`subscriber` is null), it does the same work for nobody: the time it takes shows nothing.
 */
export async function mailPortalLink(
  deps: WebhookDeps,
  visit: Visit,
  { endpoint, subscriber }: { endpoint: string; subscriber: WebhookSubscriber | null },
): Promise<void> {
  const { page, key, now } = visit;
  const found = subscriber ?? nobodyAt(endpoint, page, newId(deps.random), now);
  const { contactEmail, locale, state, confirmedAt } = found;
  // Counted for the endpoint, as it would be for its contact's mailbox.
  const to = contactEmail ?? `${sha256Hex(endpoint)}@nobody.invalid`;
  const mail = await contactMail(deps, visit, { email: to, isProven: isContactProven(found) }, "anybody");
  const portalUrl = `${deps.subscriptionsUrl}${portalPath(key, found, now)}`;
  const told = toldToContact(deps, key, found, to);
  const daysToProve = state === "unconfirmed" && confirmedAt === null ? UNPROVEN_DAYS : null;
  const raw = await deps.renderPortalLink({ page, locale, to, ...told, days: LINK_DAYS, daysToProve, portalUrl });
  const letter = contactLetter(deps, found, to, raw, "anybody");
  const isMailed = mail === "send" && contactEmail !== null;
  await deps.letters.sendLetter(isMailed ? letter : { ...letter, letter: { about: "nothing" } });
}

function nobodyAt(endpoint: string, page: Page, id: string, now: number): WebhookSubscriber {
  const contact = { channel: "webhook", endpoint, contactEmail: null, format: "statuspage" } as const;
  const scopes = { page: true, components: [], incidents: [] };
  return newWebhookSubscriber({ pageId: page.id, id, contact, scopes, locale: page.locale, confirmed: false }, now);
}
