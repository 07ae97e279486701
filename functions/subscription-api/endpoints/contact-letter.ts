import { addressMac } from "../../core/address-mac.ts";
import { newId } from "../../core/ids.ts";
import { mailboxOf } from "../../core/mailbox.ts";
import { mailboxToken } from "../../core/mailbox-token.ts";
import { type LetterWork, letterWork } from "../../core/queued-work.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { lastingReason, normalizeEmail, type WebhookSubscriber } from "../../core/subscriber.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import { countAddress } from "../caps.ts";
import { holderOf } from "../holder-of.ts";
import type { Asker } from "../letters.ts";
import type { Visit } from "../visit.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

/** `withhold`: nothing is mailed, and the answer does not show it. */
export type ContactMail = "send" | "withhold";

/**
 * Whether a letter that a stranger may have asked for may go to an endpoint's contact now; this counts it. Nothing goes
 * to an address that is blocked, that bounced, or whose holder complained, whether they are still a subscriber or not.
 */
export async function contactMail(
  deps: Pick<WebhookDeps, "access" | "subscribers" | "random">,
  visit: Visit,
  contact: { email: string; isProven: boolean },
  by: Asker,
): Promise<ContactMail> {
  const address = { pageId: visit.page.id, channel: "email", address: normalizeEmail(contact.email) } as const;
  // The cap comes first and for everybody, so that it shows nothing of the rest.
  const isCapped = await countAddress(deps, visit, address, { what: "contact", by });
  const blocked = await blockOf(deps, visit.key, address);
  const holder = await holderOf(deps, address, newId(deps.random));
  if (isCapped("contact", contact.isProven) || blocked !== null) return "withhold";
  return holder !== null && lastingReason(holder) !== null ? "withhold" : "send";
}

/** Whether the contact is proven to be the endpoint's: they are once they have used a link that was mailed to them. */
export function isContactProven({ contactProvenAt }: WebhookSubscriber): boolean {
  return contactProvenAt !== undefined;
}

/**
 * What a letter to the contact may contain. Somebody who has not proved to be the contact sees nothing that the
 * registration chose, such as the endpoint's host, and gets a way to close their mailbox.
 */
export function toldToContact(
  { subscriptionsUrl }: Pick<WebhookDeps, "subscriptionsUrl">,
  key: SigningKey,
  subscriber: WebhookSubscriber,
  to: string,
): { host: string | null; declineUrl: string | null } {
  if (isContactProven(subscriber)) return { host: new URL(subscriber.endpoint).host, declineUrl: null };
  const token = mailboxToken(key, subscriber.pageId, addressMac(key, "email", mailboxOf(to)));
  return { host: null, declineUrl: `${subscriptionsUrl}/decline/${token}` };
}

/** The letter itself, for the queue. */
export function contactLetter(
  { random }: Pick<WebhookDeps, "random">,
  subscriber: WebhookSubscriber,
  to: string,
  raw: string,
  cause: Asker,
): LetterWork {
  const letter = { about: "contact", to, isProven: isContactProven(subscriber) } as const;
  return letterWork(subscriber, { cause, letter, raw }, random);
}
