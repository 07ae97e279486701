import { MIMEType } from "node:util";
import { HttpProblem } from "./problem.ts";

/** Bytes as text. Throws 400 if they are not in the character set that was declared. */
export type Decode = (bytes: Uint8Array) => string;

/**
 * Labels of the web (https://encoding.spec.whatwg.org/#names-and-labels), and what we take each for. ASCII is UTF-8
 * too.
 */
const TAKEN: ReadonlyMap<string, string> = new Map([
  ["utf-8", "utf-8"],
  ["utf8", "utf-8"],
  ["us-ascii", "utf-8"],
  ["ascii", "utf-8"],
  ["iso-8859-1", "windows-1252"],
  ["iso8859-1", "windows-1252"],
  ["iso_8859-1", "windows-1252"],
  ["latin1", "windows-1252"],
  ["iso-8859-15", "iso-8859-15"],
  ["iso8859-15", "iso-8859-15"],
  ["latin-9", "iso-8859-15"],
  ["windows-1252", "windows-1252"],
  ["cp1252", "windows-1252"],
]);

const NOT_UTF8 = "has bytes that are not UTF-8 (RFC 8259, 8.1): send UTF-8, or name the charset in Content-Type";

export interface ContentType {
  /** Lower case, without parameters; null: none was declared. */
  type: string | null;
  decode: Decode;
}

/**
 * What a body's Content-Type says of it. Throws 415 for a header that cannot be read, or a charset that we do not take.
 */
export function contentTypeOf(header: string | undefined): ContentType {
  if (header === undefined || header.trim() === "") return { type: null, decode: decoder("utf-8") };
  const { essence, charset } = parsed(header);
  const known = TAKEN.get(charset.trim().toLowerCase());
  if (known === undefined) {
    throw new HttpProblem(415, "This charset is not taken: send UTF-8, ISO-8859-1, ISO-8859-15 or Windows-1252");
  }
  return { type: essence, decode: decoder(known) };
}

function parsed(header: string): { essence: string; charset: string } {
  try {
    const { essence, params } = new MIMEType(header);
    return { essence: essence.toLowerCase(), charset: params.get("charset") ?? "utf-8" };
  } catch {
    throw new HttpProblem(415, "The Content-Type header cannot be read");
  }
}

function decoder(charset: string): Decode {
  const strict = new TextDecoder(charset, { fatal: true });
  return (bytes) => {
    const text = decoded(strict, bytes);
    // API Gateway may have read the body as UTF-8 before us, whatever it declares, and put U+FFFD where it could not.
    // Nobody means that character, nor its bytes as another charset shows them ("ï¿½").
    if (text === null || Buffer.from(bytes).includes(REPLACEMENT)) throw new HttpProblem(400, `The body ${NOT_UTF8}`);
    return text;
  };
}

/** null: these bytes are no characters. */
function decoded(strict: TextDecoder, bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

const REPLACEMENT = "\ufffd";

/** Throws 400 for a query with percent-encoded bytes that are not UTF-8. */
export function checkQuery(query: URLSearchParams): void {
  if (query.toString().includes("%EF%BF%BD")) throw new HttpProblem(400, "The query has bytes that are not UTF-8");
}

/**
 * Throws 422 and names the field if its text cannot be kept: half a surrogate pair, which JSON can escape (RFC 8259,
 * 8.2) and no database or mail can hold, or the character that replaces one that was lost on its way here.
 */
export function checkTexts(body: unknown): void {
  const open: { field: string; value: unknown }[] = [{ field: "", value: body }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { field, value } = next;
    if (typeof value === "string") checkText(field, value);
    if (typeof value !== "object" || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      checkText(field, key);
      open.push({ field: field === "" ? key : `${field}.${key}`, value: child });
    }
  }
}

function checkText(place: string, text: string): void {
  const field = place === "" ? "body" : place;
  const problem = !text.isWellFormed()
    ? "has half of a character (an unpaired surrogate)"
    : text.includes(REPLACEMENT)
      ? "has a character that was lost on its way here (U+FFFD)"
      : null;
  if (problem !== null) throw new HttpProblem(422, `${field} ${problem}`, [{ field, problem }]);
}
