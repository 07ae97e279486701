import { createHmac, createSecretKey, type Hmac, hash, type KeyObject, timingSafeEqual } from "node:crypto";

/** A versioned HMAC key of 256 bits, kept in the access table. */
export interface SigningKey {
  version: number;
  key: Uint8Array;
}

/** Standard Webhooks secret: `whsec_` and base64. Derived, so nothing is stored and rotation is a number. */
export function webhookSecret(master: SigningKey, pageId: string, subscriberId: string, secretVersion: number): string {
  const derived = hmacSha256(master.key).update(`webhook|${pageId}|${subscriberId}|${secretVersion}`).digest();
  return `whsec_${derived.toString("base64")}`;
}

/** For so long after a rotation the secret before signs too, so that a receiver can change its own at any time of a day. */
export const ROTATION_OVERLAP_MS = 24 * 60 * 60 * 1_000;

/** Versions of the secret that sign now, newest first: Standard Webhooks 1.0 puts a list of signatures into the header. */
export function versionsInForce(
  { secretVersion, rotation }: { secretVersion: number; rotation?: { at: number } | undefined },
  now: number,
): number[] {
  const overlaps = rotation !== undefined && secretVersion > 1 && now < rotation.at + ROTATION_OVERLAP_MS;
  return overlaps ? [secretVersion, secretVersion - 1] : [secretVersion];
}

/** The same on every attempt and replay of one update to one subscriber, so that a receiver can drop doubles. */
export function webhookId(subscriberId: string, updateId: string): string {
  return `msg_${hash("sha256", `${subscriberId}|${updateId}`, "base64url").slice(0, 27)}`;
}

/** Standard Webhooks 1.0 `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. */
export function webhookSignature(secret: string, id: string, timestampSeconds: number, body: string): string {
  const key = createSecretKey(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestampSeconds}.${body}`).digest("base64")}`;
}

export type TokenPurpose = "unsubscribe";
/** Links with an end: what they let their holder do is more than to leave. */
export type LinkPurpose = "manage" | "resubscribe";
export interface TokenSubject {
  pageId: string;
  channel: "email" | "sms" | "webhook";
  subscriberId: string;
}

const MAC_BYTES = 16;
/** How a token names the channel. */
export const CHANNEL_LETTERS = { email: "e", sms: "s", webhook: "w" } as const;
export const LETTER_CHANNELS: Record<string, TokenSubject["channel"] | undefined> = {
  e: "email",
  s: "sms",
  w: "webhook",
};

/** `<key version>.<page>.<e|s|w>.<subscriber>.<128-bit MAC>`: bound to purpose and subscriber, about 52 characters, URL-safe. */
export function subscriberToken(key: SigningKey, purpose: TokenPurpose, subject: TokenSubject): string {
  const head = `${key.version}.${subject.pageId}.${CHANNEL_LETTERS[subject.channel]}.${subject.subscriberId}`;
  return `${head}.${tokenMac(key, purpose, head).toString("base64url")}`;
}

/** Which key version a token names, or null if it has not the form of one. */
export function tokenKeyVersion(token: string): number | null {
  const version = /^(\d{1,6})\./.exec(token)?.[1];
  return version === undefined ? null : Number(version);
}

/** Whom the token is for, or null if it is forged, damaged or meant for something else. Compared in constant time. */
export function verifySubscriberToken(key: SigningKey, purpose: TokenPurpose, token: string): TokenSubject | null {
  const match = /^((\d{1,6})\.([a-z0-9]{12})\.([esw])\.([a-z0-9]{12}))\.([A-Za-z0-9_-]{22})$/.exec(token);
  const [, head, version, pageId, letter, subscriberId, mac] = match ?? [];
  if (!head || !pageId || !letter || !subscriberId || !mac || Number(version) !== key.version) return null;
  const given = Buffer.from(mac, "base64url");
  // Base64 has a few unused bits at its end, which would give a token sixteen spellings.
  if (given.length !== MAC_BYTES || given.toString("base64url") !== mac) return null;
  if (!timingSafeEqual(given, tokenMac(key, purpose, head))) return null;
  const channel = LETTER_CHANNELS[letter];
  return channel === undefined ? null : { pageId, channel, subscriberId };
}

/**
 * `<key version>.<page>.<e|s|w>.<subscriber>.<end in seconds, base 36>.<128-bit MAC>`. It works until `endsAt`, and for as
 * long as `bound` is what it was (such as the address that it was mailed to): then it is void, though nothing is stored.
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
  return `${head}.${tokenMac(key, purpose, `${head}|${bound}`).toString("base64url")}`;
}

/** What a link token says of itself, unproven; null if it has not the form of one. */
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
  const given = Buffer.from(mac, "base64url");
  if (given.length !== MAC_BYTES || given.toString("base64url") !== mac) return false;
  if (!timingSafeEqual(given, tokenMac(key, purpose, `${head}|${bound}`))) return false;
  return now < Number.parseInt(end, 36) * 1_000;
}

/**
 * `<key version>.<page>.<64 hex digits>.<128-bit MAC>`: whoever gets it by mail may close their mailbox, which it names by
 * its `addressMac` alone. It works for ever: what it is about may be long removed.
 */
export function mailboxToken(key: SigningKey, pageId: string, mac: string): string {
  const head = `${key.version}.${pageId}.${mac}`;
  return `${head}.${tokenMac(key, "close mailbox", head).toString("base64url")}`;
}

const MAILBOX_FORM = /^((\d{1,6})\.([a-z0-9]{12})\.([0-9a-f]{64}))\.([A-Za-z0-9_-]{22})$/;

/** What such a token says of itself, unproven. */
export function parseMailboxToken(token: string): { keyVersion: number; pageId: string; mac: string } | null {
  const [, , version, pageId, mac] = MAILBOX_FORM.exec(token) ?? [];
  return pageId === undefined || mac === undefined ? null : { keyVersion: Number(version), pageId, mac };
}

/** Whether it is ours. Compared in constant time. */
export function isMailboxTokenValid(key: SigningKey, token: string): boolean {
  const [, head, version, , , signed = ""] = MAILBOX_FORM.exec(token) ?? [];
  if (head === undefined || Number(version) !== key.version) return false;
  const given = Buffer.from(signed, "base64url");
  if (given.length !== MAC_BYTES || given.toString("base64url") !== signed) return false;
  return timingSafeEqual(given, tokenMac(key, "close mailbox", head));
}

/** HMAC-SHA256, hex, with a page's key: names an address in counters and lists without telling it. */
export function addressMac(key: SigningKey, channel: string, address: string): string {
  return hmacSha256(key.key).update(`address|${channel}|${address}`).digest("hex");
}

function tokenMac(key: SigningKey, purpose: TokenPurpose | LinkPurpose | "close mailbox", head: string): Buffer {
  return hmacSha256(key.key).update(`${purpose}|${head}`).digest().subarray(0, MAC_BYTES);
}

// Handed the bytes themselves, createHmac of Node 24 takes four times as long: 30 us of a delivery's 100, three times over.
// A page's key signs for all of its subscribers, so it is made once for as long as its bytes are in use.
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function hmacSha256(key: Uint8Array): Hmac {
  let made = keyObjects.get(key);
  if (made === undefined) {
    made = createSecretKey(key);
    keyObjects.set(key, made);
  }
  return createHmac("sha256", made);
}

/** Compares two hex digests in constant time. */
export function sameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
