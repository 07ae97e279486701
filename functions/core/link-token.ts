import type { SigningKey } from "./signing-key.ts";
import { CHANNEL_LETTERS, isTokenMac, LETTER_CHANNELS, type TokenSubject, tokenMac } from "./token-form.ts";

/** Links with an end, because they let their holder do more than leave. */
export type LinkPurpose = "manage" | "resubscribe";

/**
 * `<key version>.<page>.<e|s|w>.<subscriber>.<end in seconds, base 36>.<128-bit MAC>`. It works until `endsAt`, and as
 * long as `bound` is what it was (such as the address that it was mailed to). After that it is void, though nothing is
 * stored.
 */
export function linkToken(
  key: SigningKey,
  purpose: LinkPurpose,
  subject: TokenSubject,
  endsAt: number,
  bound: string,
): string {
  const { pageId, channel, subscriberId } = subject;
  const end = Math.floor(endsAt / 1_000).toString(36);
  const head = `${key.version}.${pageId}.${CHANNEL_LETTERS[channel]}.${subscriberId}.${end}`;
  return `${head}.${tokenMac(key, purpose, `${head}|${bound}`)}`;
}

/** What a link token says of itself, unproven; null if it does not have the form of one. */
export type LinkClaim = TokenSubject & { keyVersion: number; endsAt: number };

export function parseLinkToken(token: string): LinkClaim | null {
  const match = LINK_FORM.exec(token);
  const [, , version, pageId, letter = "", subscriberId, end = ""] = match ?? [];
  const channel = LETTER_CHANNELS[letter];
  if (!pageId || !subscriberId || channel === undefined) return null;
  return { pageId, channel, subscriberId, keyVersion: Number(version), endsAt: Number.parseInt(end, 36) * 1_000 };
}

const LINK_FORM = /^((\d{1,6})\.([a-z0-9]{12})\.([esw])\.([a-z0-9]{12})\.([0-9a-z]{1,8}))\.([A-Za-z0-9_-]{22})$/;

/** Whether the token is ours, for this purpose, bound to this, and not over. Compared in constant time. */
export function isLinkValid(key: SigningKey, purpose: LinkPurpose, token: string, bound: string, now: number): boolean {
  const [, head, version, , , , end = "", mac = ""] = LINK_FORM.exec(token) ?? [];
  if (head === undefined || Number(version) !== key.version) return false;
  if (!isTokenMac(key, purpose, `${head}|${bound}`, mac)) return false;
  return now < Number.parseInt(end, 36) * 1_000;
}
