import * as z from "zod/mini";

/**
 * A host's name of letters, digits and hyphens (LDH; RFC 952, RFC 1123), or an IPv4 address. The URL standard takes more:
 * a `;` in a host's name ends a directive of a content security policy, and begins the next one.
 */
export function isLdhHost(hostname: string): boolean {
  return /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/.test(
    hostname,
  );
}

/** Splits the cells of a spreadsheet in many countries. In the address it means the same, encoded or not. */
export function withoutSemicolons(address: string): string {
  return address.replaceAll(";", "%3B");
}

/**
 * What would end the value that holds the address, in a header, a policy or an attribute, although URLs may have it.
 */
const ENDS_VALUES = /[;,'"\\<>`{}|^\s]/g;

/**
 * An address in a form that may stand anywhere: with its host's plain name (a Unicode one as A-labels), without a
 * user's name, and with everything encoded that could end a value. Null if it is none.
 */
function plainAddress(given: string, protocols: readonly string[]): string | null {
  const url = URL.parse(given);
  if (url === null || !protocols.includes(url.protocol)) return null;
  if (url.username !== "" || url.password !== "" || !isLdhHost(url.hostname)) return null;
  const plain = url.href.replace(
    ENDS_VALUES,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return /^[!-~]+$/.test(plain) ? plain : null;
}

/** Whether an address has that form already. What operators configure stands in headers and links as they give it. */
export function isPlainAddress(given: string, protocols: readonly string[]): boolean {
  return /^[!-~]+$/.test(given) && given.search(ENDS_VALUES) === -1 && plainAddress(given, protocols) !== null;
}

// Encoded they would be harmless too, but nobody means them: they are markup that was pasted.
const MARKUP = /["<>\\`]/;

/** An https address by `plainAddress`. */
export function httpsAddress(limit: number) {
  return z.string().check(
    z.maxLength(limit, `must not be longer than ${limit} characters`),
    z.refine(
      (given) => !MARKUP.test(given) && plainAddress(given, ["https:"]) !== null,
      "must be an https URL, of a host whose name is of letters, digits and hyphens",
    ),
    z.overwrite((given) => plainAddress(given, ["https:"]) ?? given),
  );
}
