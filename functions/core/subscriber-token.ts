import type { SigningKey } from "./signing-key.ts";
import { CHANNEL_LETTERS, isTokenMac, LETTER_CHANNELS, type TokenSubject, tokenMac } from "./token-form.ts";

/** `<key version>.<page>.<e|s|w>.<subscriber>.<128-bit MAC>`: bound to purpose and subscriber, about 52 characters, URL-safe. */
export function subscriberToken(key: SigningKey, purpose: "unsubscribe", subject: TokenSubject): string {
  const head = `${key.version}.${subject.pageId}.${CHANNEL_LETTERS[subject.channel]}.${subject.subscriberId}`;
  return `${head}.${tokenMac(key, purpose, head)}`;
}

/** Which key version a token names, or null if it does not have the form of one. */
export function tokenKeyVersion(token: string): number | null {
  const version = /^(\d{1,6})\./.exec(token)?.[1];
  return version === undefined ? null : Number(version);
}

/** Whom the token is for, or null if it is forged, damaged or meant for something else. Compared in constant time. */
export function verifySubscriberToken(key: SigningKey, purpose: "unsubscribe", token: string): TokenSubject | null {
  const match = /^((\d{1,6})\.([a-z0-9]{12})\.([esw])\.([a-z0-9]{12}))\.([A-Za-z0-9_-]{22})$/.exec(token);
  const [, head, version, pageId, letter, subscriberId, mac] = match ?? [];
  if (!head || !pageId || !letter || !subscriberId || !mac || Number(version) !== key.version) return null;
  if (!isTokenMac(key, purpose, head, mac)) return null;
  const channel = LETTER_CHANNELS[letter];
  return channel === undefined ? null : { pageId, channel, subscriberId };
}
