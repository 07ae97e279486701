import { hmacSha256, type SigningKey } from "./signing-key.ts";

/** HMAC-SHA256, hex, with a page's key: names an address in counters and lists without giving it away. */
export function addressMac(key: SigningKey, channel: string, address: string): string {
  return hmacSha256(key).update(`address|${channel}|${address}`).digest("hex");
}
