import ipaddr from "ipaddr.js";

/**
 * Whether an address literal is global unicast, and so may be called. Everything else is refused: private, loopback,
 * link-local (cloud metadata), shared, reserved, multicast. In IPv6 everything is refused that embeds an IPv4 address,
 * because that may be private: all of ::/8 (mapped, compatible, NAT64), 6to4 and Teredo.
 */
export function isGlobalUnicast(literal: string): boolean {
  if (!ipaddr.isValid(literal)) return false;
  const address = ipaddr.parse(literal);
  if (address.range() !== "unicast") return false;
  if (address instanceof ipaddr.IPv4) return ipaddr.IPv4.isValidFourPartDecimal(literal);
  const [first = 0, second = 0, , , , interface1] = address.parts;
  const isEmbedding = first >> 8 === 0 || first === 0x2002 || (first === 0x2001 && second === 0);
  // ISATAP puts an IPv4 address behind the interface identifier 0000:5efe or 0200:5efe.
  const isIsatap = interface1 === 0x5efe;
  const isGlobal = first >> 13 === 0b001;
  return isGlobal && !isEmbedding && !isIsatap && address.zoneId === undefined;
}
