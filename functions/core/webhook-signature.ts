import { createHmac, createSecretKey, hash } from "node:crypto";
import { hmacSha256, type SigningKey } from "./signing-key.ts";

/** Standard Webhooks secret: `whsec_` and base64. Derived, so nothing is stored and rotation is a number. */
export function webhookSecret(master: SigningKey, pageId: string, subscriberId: string, secretVersion: number): string {
  const derived = hmacSha256(master).update(`webhook|${pageId}|${subscriberId}|${secretVersion}`).digest();
  return `whsec_${derived.toString("base64")}`;
}

/**
 * For this long after a rotation the secret before signs too. So a receiver can change its own at any time of a day.
 */
export const ROTATION_OVERLAP_MS = 24 * 60 * 60 * 1_000;

/**
 * Versions of the secret that sign now, newest first. Standard Webhooks 1.0 puts a list of signatures into the header.
 */
export function versionsInForce(
  { secretVersion, rotation }: { secretVersion: number; rotation?: { at: number } | undefined },
  now: number,
): number[] {
  const overlaps = rotation !== undefined && secretVersion > 1 && now < rotation.at + ROTATION_OVERLAP_MS;
  return overlaps ? [secretVersion, secretVersion - 1] : [secretVersion];
}

/** The same on every attempt and replay of one update to one subscriber. So a receiver can drop doubles. */
export function webhookId(subscriberId: string, updateId: string): string {
  return `msg_${hash("sha256", `${subscriberId}|${updateId}`, "base64url").slice(0, 27)}`;
}

/** Standard Webhooks 1.0 `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. */
export function webhookSignature(secret: string, id: string, timestampSeconds: number, body: string): string {
  const key = createSecretKey(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestampSeconds}.${body}`).digest("base64")}`;
}
