import type { SigningKey } from "./signing-key.ts";
import { CHANNEL_LETTERS, isTokenMac, LETTER_CHANNELS, type TokenSubject, tokenMac } from "./token-form.ts";

/** `<key version>.<page>.<e|s|w>.<subscriber>.<128-bit MAC>`: bound to purpose and subscriber, about 52 characters, URL-safe. */
export function subscriberToken(key: SigningKey, purpose: "unsubscribe", subject: TokenSubject): string {
  const head = `${key.version}.${subject.pageId}.${CHANNEL_LETTERS[subject.channel]}.${subject.subscriberId}`;
  return `${head}.${tokenMac(key, purpose, head)}`;
}

const SUBSCRIBER_FORM = /^((\d{1,6})\.([a-z0-9]{12})\.([esw])\.([a-z0-9]{12}))\.([A-Za-z0-9_-]{22})$/;

/** What such a token says of itself, unproven; null if it has not the form of one. */
export function parseSubscriberToken(token: string): (TokenSubject & { keyVersion: number }) | null {
  const [, , version, pageId, letter = "", subscriberId] = SUBSCRIBER_FORM.exec(token) ?? [];
  const channel = LETTER_CHANNELS[letter];
  if (pageId === undefined || subscriberId === undefined || channel === undefined) return null;
  return { pageId, channel, subscriberId, keyVersion: Number(version) };
}

/** Whether it is ours, for this purpose. Compared in constant time. */
export function isSubscriberTokenValid(key: SigningKey, purpose: "unsubscribe", token: string): boolean {
  const [, head, version, , , , mac = ""] = SUBSCRIBER_FORM.exec(token) ?? [];
  if (head === undefined || Number(version) !== key.version) return false;
  return isTokenMac(key, purpose, head, mac);
}
