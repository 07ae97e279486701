import { isIPv6 } from "node:net";
import { mailboxOf } from "../core/mailbox.ts";
import { addressMac, type SigningKey } from "../core/signature.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { AccessStore, Limit } from "../store/access.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What one source (an IPv4 address, or the /64 that an IPv6 address lies in) may ask for. */
export const SOURCE_CAPS = {
  /** Sign-ups and manage links by mail. An office behind one address has more people than one. */
  mail: { most: 30, windowMs: HOUR },
  /** SMS cost money, and premium numbers earn it: toll fraud is what these caps are for. */
  sms: { most: 10, windowMs: 4 * HOUR },
  /** Codes typed. */
  codes: { most: 60, windowMs: HOUR },
} as const satisfies Record<string, Limit>;

/** What is sent to one mailbox or number on anybody's asking: no more within each of these stretches. */
export const ADDRESS_CAPS = {
  email: [
    { most: 1, windowMs: 10 * MINUTE },
    { most: 3, windowMs: DAY },
  ],
  sms: [
    { most: 1, windowMs: MINUTE },
    { most: 5, windowMs: DAY },
  ],
} as const satisfies Record<"email" | "sms", readonly Limit[]>;

export interface CapDeps {
  access: Pick<AccessStore, "count">;
}

/** Counts a request of a source. Throws 429 once it has made too many; that says nothing of any address. */
export async function countSource(
  { access }: CapDeps,
  key: SigningKey,
  pageId: string,
  what: keyof typeof SOURCE_CAPS,
  source: string,
  now: number,
): Promise<void> {
  const counter = `${pageId}|source|${what}|${addressMac(key, "source", networkOf(source))}`;
  const counted = await access.count(counter, SOURCE_CAPS[what], now);
  if (counted.outcome === "counted") return;
  const seconds = Math.max(1, Math.ceil((counted.until - now) / 1_000));
  throw new HttpProblem(429, "Too many requests from your network, try again later", [], {
    "retry-after": String(seconds),
  });
}

/**
 * Whether one more may be sent to the address, which is then counted. False: a cap is reached. Whoever asks by a link
 * that was sent to the address is counted apart from those who only know it, and so is not shut out by them.
 */
export async function countAddress(
  { access }: CapDeps,
  key: SigningKey,
  pageId: string,
  channel: "email" | "sms",
  address: string,
  now: number,
  by: "anybody" | "own link" = "anybody",
): Promise<boolean> {
  const mac = addressMac(key, channel, channel === "email" ? mailboxOf(address) : address);
  for (const limit of ADDRESS_CAPS[channel]) {
    const counted = await access.count(`${pageId}|${channel}|${by}|${mac}`, limit, now);
    if (counted.outcome === "over") return false;
  }
  return true;
}

/** An IPv4 address as it is; of an IPv6 address the first 64 bits, which one connection usually has all of. */
export function networkOf(source: string): string {
  if (!isIPv6(source)) return source;
  const [address = ""] = source.split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  // URL writes it in the one canonical form (RFC 5952), whatever it was spelled like.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return `${[...first, ...zeros, ...last].slice(0, 4).join(":")}::/64`;
}
