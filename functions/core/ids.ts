import { createHash, timingSafeEqual } from "node:crypto";
import * as z from "zod/mini";
import type { Random } from "./clock.ts";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 12;
// The largest multiple of 36 that fits a byte. A byte above it is drawn again, so that every character is equally
// likely.
const FAIR_BYTES = 252;

/** Statuspage's form of an id: 12 characters of [a-z0-9]. */
export const idSchema = z.string().check(z.regex(/^[a-z0-9]{12}$/, "must be an id: 12 characters of a-z and 0-9"));

/** A new id of 62 bits of randomness. */
export function newId(random: Random): string {
  let id = "";
  while (id.length < ID_LENGTH) {
    for (const byte of random(ID_LENGTH * 2)) {
      if (byte < FAIR_BYTES && id.length < ID_LENGTH) id += ALPHABET[byte % ALPHABET.length];
    }
  }
  return id;
}

export function sha256Hex(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

const POSITION_DIGITS = 8;
const POSITIONS = 16 ** POSITION_DIGITS;

/**
 * Where a subscriber stands in the audience: the first 32 bits of SHA-256 of the id, as 8 hex digits. They are uniform
 * whatever the ids are (imported ones are not), so a range of positions is a stable slice of the audience.
 */
export function hashPosition(subscriberId: string): string {
  return sha256Hex(subscriberId).slice(0, POSITION_DIGITS);
}

/** How many there are in all, if `count` of them lie up to that position (what follows its digits does not count): positions are spread evenly. */
export function scaleToAll(count: number, lastPosition: string): number {
  const share = (Number.parseInt(lastPosition.slice(0, POSITION_DIGITS), 16) + 1) / POSITIONS;
  return Math.max(count, Math.round(count / share));
}

/** Compares two hex digests in constant time. */
export function sameDigest(a: string, b: string): boolean {
  const left = Buffer.from(a, "hex");
  const right = Buffer.from(b, "hex");
  return left.length === right.length && left.length > 0 && timingSafeEqual(left, right);
}
