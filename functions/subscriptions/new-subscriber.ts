import type { Locale } from "../core/locale.ts";
import {
  ALL_UPDATES,
  type EmailSubscriber,
  FIRST_AND_LAST,
  type Preferences,
  type Scopes,
  type SmsSubscriber,
  type Subscriber,
  type WebhookSubscriber,
} from "../core/subscriber.ts";
import type { Contact, EmailContact, EndpointContact, PhoneContact } from "./contact.ts";

export interface NewSubscription<C extends Contact = Contact> {
  pageId: string;
  id: string;
  contact: C;
  scopes: Scopes;
  /** Absent: the channel's usual ones. */
  preferences?: Preferences | undefined;
  locale: Locale;
  /** Active at once; otherwise it has to be confirmed first. */
  confirmed: boolean;
}

/** Each channel's contact makes a subscriber of that channel: the compiler knows it, so nobody has to check. */
export function newEmailSubscriber(subscription: NewSubscription<EmailContact>, now: number): EmailSubscriber {
  return { ...newcomer(subscription, ALL_UPDATES, now), ...subscription.contact };
}

export function newSmsSubscriber(subscription: NewSubscription<PhoneContact>, now: number): SmsSubscriber {
  return { ...newcomer(subscription, FIRST_AND_LAST, now), ...subscription.contact };
}

export function newWebhookSubscriber(subscription: NewSubscription<EndpointContact>, now: number): WebhookSubscriber {
  const { contact, confirmed } = subscription;
  return {
    ...newcomer(subscription, ALL_UPDATES, now),
    statuses: null,
    ...contact,
    secretVersion: 1,
    // The operator who vouches for the endpoint vouches for its contact.
    ...(confirmed && contact.contactEmail !== null ? { contactProvenAt: now } : {}),
  };
}

export function newSubscriber({ contact, ...rest }: NewSubscription, now: number): Subscriber {
  switch (contact.channel) {
    case "email":
      return newEmailSubscriber({ ...rest, contact }, now);
    case "sms":
      return newSmsSubscriber({ ...rest, contact }, now);
    case "webhook":
      return newWebhookSubscriber({ ...rest, contact }, now);
  }
}

/** What all channels have in common. */
function newcomer(subscription: NewSubscription, usual: Preferences, now: number) {
  const { pageId, id, scopes, preferences, locale, confirmed } = subscription;
  return {
    pageId,
    id,
    state: confirmed ? ("active" as const) : ("unconfirmed" as const),
    scopes,
    preferences: preferences ?? usual,
    locale,
    pausedAt: null,
    createdAt: now,
    updatedAt: now,
    confirmedAt: confirmed ? now : null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
}
