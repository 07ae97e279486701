import { isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import { addressMac } from "../core/address-mac.ts";
import { mailboxOf } from "../core/mailbox.ts";
import { type LetterKind, MAIL_RULES, permit, SMS_RULES } from "../core/permit.ts";
import type { Address } from "../core/subscriber.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { AccessStore, Limit } from "../store/access/access-store.ts";
import type { Asker } from "./letters.ts";
import type { Visit } from "./visit.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * What one source may ask for. A source is an IPv4 address or the /64 that an IPv6 address lies in, and also the /48
 * around that, which providers give to one customer (RFC 6177) and which holds 65,536 of the others.
 */
export const SOURCE_CAPS = {
  /**
   * Everything that may write a mail to somebody: sign-ups, links, endpoints with a contact. An office, a school or a
   * provider's NAT has more people than one behind an address, and twenty of them in an hour is an incident; a
   * stranger's script has one address, and should reach few people.
   */
  mail: {
    network: [
      { most: 20, windowMs: HOUR },
      { most: 60, windowMs: DAY },
    ],
    block: [
      { most: 60, windowMs: HOUR },
      { most: 180, windowMs: DAY },
    ],
  },
  /** SMS cost money, and premium numbers earn it: these caps are against toll fraud. */
  sms: { network: [{ most: 10, windowMs: 4 * HOUR }], block: [{ most: 20, windowMs: 4 * HOUR }] },
  /** Codes typed. */
  codes: { network: [{ most: 60, windowMs: HOUR }], block: [{ most: 240, windowMs: HOUR }] },
} as const satisfies Record<string, Record<"network" | "block", readonly Limit[]>>;

/**
 * How often one mailbox or number may be named by one kind of request: no more within each of these stretches. This
 * bounds what strangers make us read and write for an address; letters to it are counted where they are sent
 * (core/permit.ts).
 */
const ADDRESS_CAPS = {
  email: [
    { most: 10, windowMs: 10 * MINUTE },
    { most: 60, windowMs: DAY },
  ],
  sms: [
    { most: 6, windowMs: MINUTE },
    { most: 60, windowMs: DAY },
  ],
} as const satisfies Record<"email" | "sms", readonly Limit[]>;

export interface CapDeps {
  access: Pick<AccessStore, "count" | "getPermits">;
}

/** Counts a request of a source. Throws 429 once it has made too many; that says nothing about any address. */
export async function countSource(
  { access }: { access: Pick<AccessStore, "count"> },
  { page, key, now }: Visit,
  what: keyof typeof SOURCE_CAPS,
  source: string,
): Promise<void> {
  const { network, block } = SOURCE_CAPS[what];
  const ranges = [
    { range: networkOf(source), limits: network },
    ...blocksOf(source).map((range) => ({ range, limits: block })),
  ];
  for (const { range, limits } of ranges) {
    const counter = `${page.id}|source|${what}|${addressMac(key, "source", range)}`;
    for (const limit of limits) {
      const counted = await access.count(counter, limit, now);
      if (counted.outcome === "counted") continue;
      const seconds = Math.max(1, Math.ceil((counted.until - now) / 1_000));
      throw new HttpProblem(429, "Too many requests from your network, try again later", [], {
        "retry-after": String(seconds),
      });
    }
  }
}

/** What is asked for an address, and by whom; each pair has its own count. */
export interface Asked {
  what: "sign-up" | "link" | "contact";
  by: Asker;
}

/** Whether nothing more may go to an address now, of this kind. */
export type IsCapped = (kind: LetterKind, isProven?: boolean) => boolean;

/**
 * Counts that the address is asked for, and says of which letters it has had enough: for those, nothing may be stored
 * either. The sender decides again whether a letter goes, and counts it. Somebody who asks by a link that was sent to
 * the address has a count apart from people who only know it, and so they do not shut them out.
 */
export async function countAddress(
  { access }: CapDeps,
  { key, now }: Pick<Visit, "key" | "now">,
  { pageId, channel, address }: Address<"email" | "sms">,
  { what, by }: Asked,
): Promise<IsCapped> {
  const mac = addressMac(key, channel, channel === "email" ? mailboxOf(address) : address);
  let isOver = false;
  for (const limit of ADDRESS_CAPS[channel]) {
    if (isOver) break;
    const counted = await access.count(`${pageId}|${channel}|${what}|${by}|${mac}`, limit, now);
    if (counted.outcome === "over") isOver = true;
  }
  const known = await access.getPermits(mac);
  const rules = channel === "email" ? MAIL_RULES : SMS_RULES;
  return (kind, isProven = false) =>
    isOver || permit(known, { letterId: "", kind, cause: by, isProven }, rules, now).outcome === "refused";
}

/** An IPv4 address as it is; of an IPv6 address the first 64 bits, which usually belong to one connection. */
export function networkOf(source: string): string {
  const groups = groupsOf(source);
  return typeof groups === "string" ? groups : `${groups.slice(0, 4).join(":")}::/64`;
}

/** The blocks around a network that may belong to one customer: the /48 of an IPv6 address. */
function blocksOf(source: string): string[] {
  const groups = groupsOf(source);
  return typeof groups === "string" ? [] : [`${groups.slice(0, 3).join(":")}::/48`];
}

/** The eight groups of an IPv6 address, or an IPv4 address as it is. */
function groupsOf(source: string): string | string[] {
  if (!isIPv6(source)) return source;
  const [address = ""] = source.split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? ipaddr.IPv6.parse(address).parts.map((part) => part.toString(16));
}
