import { normalizeEmail } from "./subscriber.ts";
import { withoutEnd } from "./without-end.ts";

/** How several addresses of one provider are one mailbox. */
interface Provider {
  domains: readonly string[];
  /** The name behind another spelling of it. Tags after a plus are gone by then. */
  fold?: (local: string) => string;
}

/**
 * Sources: Gmail's help ("Dots don't matter in Gmail addresses"; googlemail.com is gmail.com); Apple's ("iCloud Mail": an
 * account has its name at me.com and mac.com too); Proton's ("Addresses and aliases" for the domains; its web client
 * compares names without dots, hyphens and underscores); Yahoo's ("disposable addresses": a base name, a hyphen, a
 * keyword; a hyphen is in no other name); Yandex's (one name at all domains, dots and hyphens alike); Microsoft's for the
 * plus. A provider that is not named here folds the plus alone.
 */
const PROVIDERS: readonly Provider[] = [
  { domains: ["gmail.com", "googlemail.com"], fold: (local) => local.replaceAll(".", "") },
  { domains: ["icloud.com", "me.com", "mac.com"] },
  {
    domains: ["proton.me", "protonmail.com", "protonmail.ch", "pm.me"],
    fold: (local) => local.replace(/[._-]/g, ""),
  },
  {
    domains: ["yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "ya.ru"],
    fold: (local) => local.replaceAll(".", "-"),
  },
  { domains: ["fastmail.com", "fastmail.fm"] },
];

/** Yahoo has a domain for each country, and takes mail of two older ones. */
const YAHOO = /^(?:yahoo\.[a-z]{2,3}(?:\.[a-z]{2})?|ymail\.com|rocketmail\.com|myyahoo\.com)$/;

/** Fastmail's "subdomain addressing": `anything@user.fastmail.com` is user's. */
const FASTMAIL_SUBDOMAIN = /^([^.]+)\.(?:fastmail\.com|fastmail\.fm)$/;

/**
 * The mailbox behind an address, for counting and blocking only: nobody is written to at it. Case, a tag after the plus
 * and a provider's own aliases make another address of the same mailbox, as many as somebody likes. Where a plus is
 * part of a name after all, two mailboxes share what one may be sent: that is the price of protecting all others.
 */
export function mailboxOf(email: string): string {
  const address = normalizeEmail(email);
  const at = address.lastIndexOf("@");
  const domain = asciiDomain(address.slice(at + 1));
  const whole = address.slice(0, Math.max(0, at));
  const user = FASTMAIL_SUBDOMAIN.exec(domain)?.[1];
  if (user !== undefined) return `${user}@fastmail.com`;
  // A tag alone, such as +a@example.org, is the whole name of a mailbox.
  const local = whole.split("+")[0] || whole;
  if (YAHOO.test(domain)) return `${local.split("-")[0] || local}@${domain}`;
  const provider = PROVIDERS.find(({ domains }) => domains.includes(domain));
  if (provider === undefined) return `${local}@${domain}`;
  return `${provider.fold?.(local) || local}@${provider.domains[0]}`;
}

/** IDNA's ASCII form (UTS 46, as URLs have it), without the root's dot, so that a domain has one spelling. */
function asciiDomain(domain: string): string {
  const { hostname } = URL.parse(`http://${domain}`) ?? { hostname: domain };
  return withoutEnd(hostname === "" ? domain : hostname, /\.$/);
}
