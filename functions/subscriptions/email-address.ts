import { domainToASCII } from "node:url";
import * as z from "zod/mini";
import { characterAt, cleanAddress } from "../core/invisible.ts";

/**
 * Octets of an address as SMTP carries it (RFC 5321, 4.5.3.1 and erratum 1690 of RFC 3696), and of the part before the
 * @.
 */
const ADDRESS_LIMIT = 254;
const LOCAL_LIMIT = 64;

/** RFC 5322, 3.2.3: the characters of the part before the @, besides dots between. */
const NOT_ATEXT = /[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/u;

export type EmailAddress = { address: string } | { problem: string };

/**
 * The one rule for mail addresses, no matter who gives them: RFC 5322's dot-atom at a domain name. A domain in other
 * letters becomes its A-labels (IDNA, UTS 46). The part before the @ must be ASCII, because SES takes nothing else. RFC
 * 5321 also knows quoted names and numbers in place of a domain. They are refused: nobody has one, and much breaks.
 */
export function emailAddress(given: string): EmailAddress {
  const cleaned = cleanAddress(given);
  const at = cleaned.lastIndexOf("@");
  if (at < 0) return { problem: "must be an email address: it has no @" };
  const [local, domain] = [cleaned.slice(0, at), cleaned.slice(at + 1)];
  const problem = localProblem(local);
  if (problem !== null) return { problem: `must be an email address: ${problem}` };
  const host = hostOf(domain);
  if ("problem" in host) return { problem: `must be an email address: ${host.problem}` };
  const address = `${local}@${host.name}`;
  return address.length > ADDRESS_LIMIT ? { problem: `is too long: more than ${ADDRESS_LIMIT} bytes` } : { address };
}

function localProblem(local: string): string | null {
  if (local === "") return "there is nothing before the @";
  if (local.startsWith('"')) return "a quoted name before the @ is not taken";
  if (local.includes("@")) return "it has more than one @";
  const letter = /[^\p{ASCII}]/u.exec(local);
  if (letter !== null) {
    const which = characterAt(local, letter.index);
    return `${which} is not ASCII, and before the @ mail can be sent to ASCII alone`;
  }
  const wrong = NOT_ATEXT.exec(local);
  if (wrong !== null) return `it cannot have ${characterAt(local, wrong.index)}`;
  if (local.startsWith(".") || local.endsWith(".") || local.includes("..")) {
    return "before the @ a dot can stand only between two other characters";
  }
  // Programs would show the decoded word (RFC 2047) in place of the address.
  if (/=\?[^?]+\?[bq]\?[^?]*\?=/i.test(local)) return "before the @ there cannot be an encoded word (=?…?=)";
  return local.length > LOCAL_LIMIT ? `there are more than ${LOCAL_LIMIT} bytes before the @` : null;
}

function hostOf(given: string): { name: string } | { problem: string } {
  if (given === "") return { problem: "there is nothing after the @" };
  if (given.startsWith("[")) return { problem: "a number in place of a domain is not taken" };
  // domainToASCII does not refuse all of these (underscores pass, `/` ends the name), so this rule does.
  const wrong = /[^-.。．｡\p{L}\p{M}\p{N}\u200C\u200D]/u.exec(given);
  if (wrong !== null) return { problem: `its domain cannot have ${characterAt(given, wrong.index)}` };
  const isAscii = /^\p{ASCII}*$/u.test(given);
  const name = domainToASCII(given).replace(/\.$/, "");
  if (!isDomain(name)) return { problem: "what stands after the @ is no domain name" };
  return { name: isAscii ? given.replace(/\.$/, "") : name };
}

/** RFC 1123, 2.1, with at least two labels. The last one must be no number, as it is in an IP address (RFC 3696, 2). */
function isDomain(name: string): boolean {
  const labels = name.split(".");
  const isLabel = (label: string) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label);
  return labels.length > 1 && labels.every(isLabel) && /^(?!\d+$).{2,}$/.test(labels.at(-1) ?? "");
}

/** For requests, files and settings alike. */
export const emailField = z.pipe(
  z.string({ error: (issue) => (issue.input == null ? "is required" : "must be text") }).check((context) => {
    const parsed = emailAddress(context.value);
    if ("problem" in parsed) context.issues.push({ code: "custom", input: context.value, message: parsed.problem });
  }),
  z.transform((given) => {
    const parsed = emailAddress(given);
    return "address" in parsed ? parsed.address : given;
  }),
);
