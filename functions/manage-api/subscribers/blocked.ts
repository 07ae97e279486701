import type { SigningKey } from "../../core/signing-key.ts";
import { addressOf, type BlockReason, type Subscriber } from "../../core/subscriber.ts";
import { invalid } from "../../lambda/problem.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import type { ManageDeps } from "../call.ts";

const BLOCKED: Record<BlockReason, string> = {
  "not asked for": "is blocked: the address's holder said that they had not asked for this",
  bounce: "is blocked: mail to this address bounced for good before it was removed",
  complaint: "is blocked: the address's holder complained before it was removed",
};

/** Why nothing may be sent to an address, in words; null: nothing stands against it. `key`: the page's. */
export async function whyBlocked(deps: ManageDeps, key: SigningKey, subscriber: Subscriber): Promise<string | null> {
  const { pageId, channel } = subscriber;
  const reason = await blockOf(deps, key, { pageId, channel, address: addressOf(subscriber) });
  return reason === null ? null : BLOCKED[reason];
}

/** Throws a 422 that names the field. */
export async function refuseBlocked(
  deps: ManageDeps,
  key: SigningKey,
  subscriber: Subscriber,
  field: string,
): Promise<void> {
  const problem = await whyBlocked(deps, key, subscriber);
  if (problem !== null) throw invalid(field, problem);
}
