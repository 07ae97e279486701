import type { Locale } from "../core/locale.ts";
import { ALL_UPDATES, FIRST_AND_LAST, type Preferences, type Scopes, type Subscriber } from "../core/subscriber.ts";
import type { Contact } from "./contact.ts";

export interface NewSubscription {
  pageId: string;
  id: string;
  contact: Contact;
  scopes: Scopes;
  /** Absent: what suits the channel. */
  preferences?: Preferences | undefined;
  locale: Locale;
  /** Active at once; otherwise it has to be confirmed first. */
  confirmed: boolean;
}

export function newSubscriber(subscription: NewSubscription, now: number): Subscriber {
  const { pageId, id, contact, scopes, preferences, locale, confirmed } = subscription;
  const common = {
    pageId,
    id,
    state: confirmed ? ("active" as const) : ("unconfirmed" as const),
    scopes,
    preferences: preferences ?? (contact.channel === "sms" ? FIRST_AND_LAST : ALL_UPDATES),
    locale,
    pausedAt: null,
    createdAt: now,
    updatedAt: now,
    confirmedAt: confirmed ? now : null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
  switch (contact.channel) {
    case "email":
    case "sms":
      return { ...common, ...contact };
    case "webhook":
      return {
        ...common,
        statuses: null,
        ...contact,
        secretVersion: 1,
        // Whoever vouches for the endpoint vouches for its contact.
        ...(confirmed && contact.contactEmail !== null ? { contactProvenAt: now } : {}),
      };
  }
}
