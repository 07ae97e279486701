import type { SigningKey } from "./signing-key.ts";
import { isTokenMac, tokenMac } from "./token-form.ts";

/**
 * `<key version>.<page>.<64 hex digits>.<128-bit MAC>`. The reader who gets it by mail may close their mailbox, which
 * it names only by its `addressMac`. It works for ever: what it is about may be long removed.
 */
export function mailboxToken(key: SigningKey, pageId: string, mac: string): string {
  const head = `${key.version}.${pageId}.${mac}`;
  return `${head}.${tokenMac(key, "close mailbox", head)}`;
}

const MAILBOX_FORM = /^((\d{1,6})\.([a-z0-9]{12})\.([0-9a-f]{64}))\.([A-Za-z0-9_-]{22})$/;

/** What such a token says of itself, unproven. */
export function parseMailboxToken(token: string): { keyVersion: number; pageId: string; mac: string } | null {
  const [, , version, pageId, mac] = MAILBOX_FORM.exec(token) ?? [];
  return pageId === undefined || mac === undefined ? null : { keyVersion: Number(version), pageId, mac };
}

/** Whether we made it. Compared in constant time. */
export function isMailboxTokenValid(key: SigningKey, token: string): boolean {
  const [, head, version, , , signed = ""] = MAILBOX_FORM.exec(token) ?? [];
  if (head === undefined || Number(version) !== key.version) return false;
  return isTokenMac(key, "close mailbox", head, signed);
}
