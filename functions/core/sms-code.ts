import { createHmac } from "node:crypto";
import type { Random } from "./clock.ts";
import type { SigningKey } from "./signing-key.ts";

/** A code is void after this. */
export const SMS_CODE_LIFE_MS = 10 * 60_000;

const CODES = 1_000_000;
/** The largest multiple of CODES in 32 bits: a number above it would make some codes likelier than others. */
const FAIR = Math.floor(2 ** 32 / CODES) * CODES;

/** Six digits, all as likely as each other. */
export function newSmsCode(random: Random): string {
  for (;;) {
    const number = Buffer.from(random(4)).readUInt32BE();
    if (number < FAIR) return String(number % CODES).padStart(6, "0");
  }
}

const FORM_BYTES = 16;

/**
 * Goes out with the form that takes the code. The code works only together with it, so only for the one who asked for
 * it.
 */
export function newFormToken(random: Random): string {
  return Buffer.from(random(FORM_BYTES)).toString("base64url");
}

/**
 * What is stored of a code, hex. Anybody could reverse a plain hash of six digits by trying them all, so it takes the
 * page's key.
 */
export function smsCodeMac(key: SigningKey, pageId: string, subscriberId: string, code: string, form: string): string {
  return createHmac("sha256", key.key).update(`sms code|${pageId}|${subscriberId}|${code}|${form}`).digest("hex");
}
