import type { Random } from "./clock.ts";
import { sha256Hex } from "./ids.ts";
import { CHANNEL_LETTERS, LETTER_CHANNELS, type TokenSubject } from "./token-form.ts";

const SECRET_BYTES = 32;

/** Confirmation links live this long (Statuspage's 90 days), counted from the last change of the unconfirmed subscriber. */
export const CONFIRM_TOKEN_LIFE_MS = 90 * 24 * 60 * 60 * 1_000;

export interface ConfirmToken {
  /** `<page>.<e|s|w>.<subscriber>.<43 characters of base64url>`. It goes out in the mail and is stored nowhere. */
  token: string;
  /** SHA-256, hex, of the last part: what is stored. */
  hash: string;
}

export function newConfirmToken(subject: TokenSubject, random: Random): ConfirmToken {
  const secret = Buffer.from(random(SECRET_BYTES)).toString("base64url");
  const token = `${subject.pageId}.${CHANNEL_LETTERS[subject.channel]}.${subject.subscriberId}.${secret}`;
  return { token, hash: sha256Hex(secret) };
}

/** Whom a token is for and what its stored hash must be, or null if it does not have the form of one. */
export function parseConfirmToken(token: string): (TokenSubject & { hash: string }) | null {
  const match = /^([a-z0-9]{12})\.([esw])\.([a-z0-9]{12})\.([A-Za-z0-9_-]{43})$/.exec(token);
  const [, pageId, letter, subscriberId, secret] = match ?? [];
  const channel = letter === undefined ? undefined : LETTER_CHANNELS[letter];
  if (!pageId || !channel || !subscriberId || !secret) return null;
  return { pageId, channel, subscriberId, hash: sha256Hex(secret) };
}
