import parsePhoneNumber, {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
} from "libphonenumber-js/mobile";
import * as z from "zod/mini";
import type { UpdateStatus } from "../core/incident.ts";
import { characterAt, cleanAddress, cleanUrl } from "../core/invisible.ts";
import type { WebhookFormat } from "../core/subscriber.ts";
import { isLdhHost, withoutSemicolons } from "../core/web-address.ts";
import { withoutEnd } from "../core/without-end.ts";
import { flag, idList, line, optional } from "../lambda/input.ts";
import { invalid } from "../lambda/problem.ts";
import { isForbiddenLiteral } from "../providers/pinned-connection.ts";
import { formatAt, withoutLastSlash } from "./chats.ts";
import { emailField } from "./email-address.ts";
import { wishFields } from "./webhook-wishes.ts";

const ENDPOINT_LIMIT = 2_000;
/** Ports that a public webhook may be on. */
const PORTS: readonly string[] = ["", "443", "8443"];

export const endpointField = line(ENDPOINT_LIMIT, cleanUrl);
export const phoneCountryField = z.string("must be text").check(
  z.overwrite(cleanAddress),
  z.toUpperCase(),
  // ISO 3166 reserves it for the country whose code is GB.
  z.overwrite((code) => (code === "UK" ? "GB" : code)),
  z.regex(/^[A-Z]{2}$/, "must be a country code of two letters"),
);
export const phoneNumberField = line(40, cleanAddress);

export const newSubscriberSchema = z.object({
  email: optional(emailField),
  endpoint: optional(endpointField),
  phone_country: optional(phoneCountryField),
  phone_number: optional(phoneNumberField),
  skip_confirmation_notification: optional(flag),
  component_ids: optional(idList.check(z.minLength(1, "must name at least one component"))),
  ...wishFields,
});
export type NewSubscriber = z.infer<typeof newSubscriberSchema>;

/** How a subscriber is reached; for a webhook also what it gets. */
export type Contact =
  | { channel: "email"; email: string }
  | { channel: "sms"; phone: string; country: string }
  | {
      channel: "webhook";
      endpoint: string;
      contactEmail: string | null;
      format: WebhookFormat;
      statuses?: UpdateStatus[] | null;
    };

export interface ContactRules {
  /** Whether mail has a sender. */
  hasMail: boolean;
  smsCountries: ReadonlySet<string>;
  webhookTargets: "public" | "any";
}

/** For operators, who can do something about it. */
export const NO_MAIL = "cannot be mailed yet: this deployment has no sender, set mailFrom in its tocsin.config.ts";

/**
 * How a new subscriber is reached: an endpoint (its email is the contact for trouble), a phone number, or an email.
 * Throws 422.
 */
export function contactOf(input: NewSubscriber, rules: ContactRules): Contact {
  const { email, endpoint, phone_number, format, statuses } = input;
  if (endpoint === undefined && format !== undefined) throw invalid("subscriber.format", "is for an endpoint alone");
  if (endpoint === undefined && statuses !== undefined)
    throw invalid("subscriber.statuses", "is for an endpoint alone");
  if (phone_number !== undefined) {
    if (endpoint !== undefined || email !== undefined) {
      throw invalid("subscriber.phone_number", "cannot be given together with email or endpoint");
    }
    return phoneOf({ number: phone_number, country: input.phone_country }, rules.smsCountries, "subscriber.");
  }
  if (endpoint !== undefined) {
    const address = endpointOf(endpoint, rules.webhookTargets, "subscriber.endpoint");
    return {
      channel: "webhook",
      endpoint: address,
      contactEmail: email ?? null,
      format: formatAt(address, format, {
        ...rules,
        chosenBy: "operator",
        fields: { endpoint: "subscriber.endpoint", format: "subscriber.format" },
      }),
      ...(statuses === undefined ? {} : { statuses }),
    };
  }
  if (email !== undefined) {
    if (!rules.hasMail) throw invalid("subscriber.email", NO_MAIL);
    return { channel: "email", email };
  }
  throw invalid("subscriber.email", "is required, or endpoint, or phone_number");
}

export type EmailContact = Extract<Contact, { channel: "email" }>;
export type PhoneContact = Extract<Contact, { channel: "sms" }>;
export type EndpointContact = Extract<Contact, { channel: "webhook" }>;

/**
 * E.164 of a number as dialled from the country, and the country that the number belongs to. That country decides what
 * an SMS costs and whether one is sent. Several share a calling code (GB with Jersey, Guernsey and Man, the US with
 * Canada and the Caribbean, Russia with Kazakhstan), and people name the one they know. So the given country only helps
 * to read the number and is never stored. `root` goes before the names of the fields. Throws 422.
 */
export function phoneOf(
  { number, country }: { number: string; country?: string | undefined },
  allowed: ReadonlySet<string>,
  root: string,
): PhoneContact {
  const home = country !== undefined && isSupportedCountry(country) ? country : undefined;
  if (country !== undefined && ![...allowed].some((each) => sharesCallingCode(each, home))) {
    throw invalid(`${root}phone_country`, "is not a country that this page sends SMS to");
  }
  if (home === undefined && !number.startsWith("+")) {
    throw invalid(`${root}phone_country`, "is required for a number without its country code");
  }
  const parsed = parseNumber(number, home);
  if (parsed === undefined || !parsed.isValid()) throw invalid(`${root}phone_number`, "is not a mobile number");
  if (parsed.country === undefined || !allowed.has(parsed.country)) {
    throw invalid(`${root}phone_number`, "belongs to a country that this page does not send SMS to");
  }
  if (home !== undefined && !sharesCallingCode(parsed.country, home)) {
    throw invalid(`${root}phone_number`, "belongs to another country than phone_country");
  }
  return { channel: "sms", phone: parsed.number, country: parsed.country };
}

function sharesCallingCode(one: string, other: CountryCode | undefined): boolean {
  if (other === undefined || !isSupportedCountry(one)) return false;
  return getCountryCallingCode(one) === getCountryCallingCode(other);
}

/** A number as dialled from the country; undefined if it is none. */
export function parseNumber(number: string, country: CountryCode | undefined) {
  return parsePhoneNumber(
    number,
    country === undefined ? { extract: false } : { defaultCountry: country, extract: false },
  );
}

/**
 * Allows https on the usual ports, without user info, and not at an address or a name that is surely private; an
 * environment for local work allows http, any port and any host. The caller checks what a name resolves to. Throws 422.
 */
export function endpointOf(given: string, targets: ContactRules["webhookTargets"], field: string): string {
  const cleaned = cleanUrl(given);
  const space = cleaned.indexOf(" ");
  if (space >= 0) throw invalid(field, `has ${characterAt(cleaned, space)}`);
  const url = URL.parse(cleaned);
  const protocols = targets === "any" ? ["https:", "http:"] : ["https:"];
  if (url === null || !protocols.includes(url.protocol)) throw invalid(field, "must be an https URL");
  if (url.username !== "" || url.password !== "") throw invalid(field, "must not contain a user name or password");
  if (targets === "public") {
    if (!PORTS.includes(url.port)) throw invalid(field, "must use port 443 or 8443");
    if (!isPlainHost(url.hostname))
      throw invalid(field, "must be at a host whose name is of letters, digits and hyphens");
    if (isForbiddenLiteral(url.hostname)) throw invalid(field, "must not be at a private or reserved address");
    if (isLocalName(url.hostname)) throw invalid(field, "must be at a public host name");
  }
  return storedEndpoint(url);
}

/** The one spelling of an endpoint, of all that mean the same. */
export function storedEndpoint(url: URL): string {
  const stored = new URL(url);
  // The root's dot makes another spelling of the same host, which would count as another host.
  stored.hostname = withoutEnd(stored.hostname, /\.$/);
  stored.hash = "";
  withoutLastSlash(stored);
  return withoutSemicolons(stored.href);
}

/**
 * A host name of DNS, in which names of services may have underscores too, or an IP address. The URL standard takes `;`
 * and more.
 */
function isPlainHost(hostname: string): boolean {
  return /^\[[0-9a-f:.]+\]$/.test(hostname) || isLdhHost(hostname.replace(/\.$/, "").replaceAll("_", "a"));
}

/**
 * Names that mean nothing beyond one machine or network: of one label, or under a top-level domain reserved for that
 * (RFC 6761, 6762, 8375, and ICANN's .internal).
 */
function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  const isAddress = name.startsWith("[");
  return !isAddress && (!name.includes(".") || /\.(?:localhost|local|internal|home\.arpa|test|invalid)$/.test(name));
}
