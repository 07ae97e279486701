import type { SigningKey } from "../core/signature.ts";
import { normalizeEmail } from "../core/subscriber.ts";
import { blockOf } from "../subscriptions/blocks.ts";
import { countAddress } from "./caps.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

/** Whether a letter that a stranger may have asked for may go to an endpoint's contact now; if so, it is counted. */
export async function mayWriteTo(
  deps: Pick<WebhookDeps, "access" | "subscribers">,
  { pageId, key, email, now }: { pageId: string; key: SigningKey; email: string; now: number },
): Promise<boolean> {
  const blocked = await blockOf(deps, key, pageId, "email", normalizeEmail(email));
  return blocked === null && (await countAddress(deps, key, pageId, "email", email, now));
}
