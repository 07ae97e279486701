import ipaddr from "ipaddr.js";
import { getDomain } from "tldts";
import { isChat } from "../subscriptions/chats.ts";

/**
 * Whose machines a probe is posted to, as far as a name shows it. A name counts by its registrable domain, from the
 * public suffix list with its private part (the owner of `a.github.io` has nothing to do with `b.github.io`). An
 * address has none: IPv4 counts as it is, and IPv6 by the /64 that usually belongs to one network. The chats' hosts
 * count by themselves, because many people share them and a flood of one organisation's workflows is not another's.
 */
export function probeHostOf(endpoint: string): string {
  const { hostname } = new URL(endpoint);
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return networkOf(literal);
  if (isChat(endpoint)) return hostname;
  return getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
}

function networkOf(literal: string): string {
  const address = ipaddr.parse(literal);
  if (address instanceof ipaddr.IPv4) return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${literal}/64`).toNormalizedString()}/64`;
}
