import { timingSafeEqual } from "node:crypto";
import { hmacSha256, type SigningKey } from "./signing-key.ts";

/** What the MAC of a token is bound to, so that a token for one purpose is void for another. */
export type TokenPurpose = "unsubscribe" | "manage" | "resubscribe" | "close mailbox";

export interface TokenSubject {
  pageId: string;
  channel: "email" | "sms" | "webhook";
  subscriberId: string;
}

/** How a token names the channel. */
export const CHANNEL_LETTERS = { email: "e", sms: "s", webhook: "w" } as const;
export const LETTER_CHANNELS: Record<string, TokenSubject["channel"] | undefined> = {
  e: "email",
  s: "sms",
  w: "webhook",
};

const MAC_BYTES = 16;

/** 22 characters: what ends a token. */
export function tokenMac(key: SigningKey, purpose: TokenPurpose, head: string): string {
  return macOf(key, purpose, head).toString("base64url");
}

/** Whether `mac` is what `tokenMac` makes. Compared in constant time. */
export function isTokenMac(key: SigningKey, purpose: TokenPurpose, head: string, mac: string): boolean {
  const given = Buffer.from(mac, "base64url");
  // Base64 has a few unused bits at its end, which would give a token sixteen spellings.
  if (given.length !== MAC_BYTES || given.toString("base64url") !== mac) return false;
  return timingSafeEqual(given, macOf(key, purpose, head));
}

function macOf(key: SigningKey, purpose: TokenPurpose, head: string): Buffer {
  return hmacSha256(key).update(`${purpose}|${head}`).digest().subarray(0, MAC_BYTES);
}
