import { normalizeEmail } from "./subscriber.ts";

const GMAIL = new Set(["gmail.com", "googlemail.com"]);

/**
 * The mailbox behind an address, for counting and blocking alone: nobody is written to at it. Case, a tag after the
 * plus and (at Gmail) dots make another address of the same mailbox, and so as many as somebody likes.
 */
export function mailboxOf(email: string): string {
  const address = normalizeEmail(email);
  const at = address.lastIndexOf("@");
  const [local = "", domain] = [address.slice(0, at).split("+")[0], address.slice(at + 1)];
  // A tag alone, such as +a@example.org, is the whole name of a mailbox.
  if (local === "") return address;
  return GMAIL.has(domain) ? `${local.replaceAll(".", "")}@gmail.com` : `${local}@${domain}`;
}
