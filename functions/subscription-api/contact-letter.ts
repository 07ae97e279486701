import type { SigningKey } from "../core/signature.ts";
import { lastingReason, normalizeEmail } from "../core/subscriber.ts";
import { blockOf } from "../subscriptions/blocks.ts";
import { countAddress } from "./caps.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

/** `withhold`: nothing is mailed, which whoever asked is not told. */
export type ContactMail = "send" | "withhold" | "capped";

/**
 * Whether a letter that a stranger may have asked for may go to an endpoint's contact now; it is counted. Nothing goes
 * to an address that is blocked, that bounced, or whose holder complained, be they a subscriber still or not.
 */
export async function contactMail(
  deps: Pick<WebhookDeps, "access" | "subscribers">,
  { pageId, key, email, now }: { pageId: string; key: SigningKey; email: string; now: number },
): Promise<ContactMail> {
  const address = normalizeEmail(email);
  // The cap is asked first and of everybody, so that it tells nothing of the rest.
  const isCapped = await countAddress(deps, key, pageId, "email", email, now, "contact");
  if (isCapped("contact", true)) return "capped";
  const blocked = await blockOf(deps, key, pageId, "email", address);
  const holder = await deps.subscribers.findByAddress(pageId, "email", address);
  return blocked !== null || (holder !== null && lastingReason(holder) !== null) ? "withhold" : "send";
}
