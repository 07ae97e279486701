import { isLinkValid, type LinkPurpose, parseLinkToken } from "../../core/link-token.ts";
import type { Subscriber } from "../../core/subscriber.ts";
import type { PeopleDeps } from "./people-deps.ts";

/** Whose link it is; null if it is not ours, is over, or what it was bound to (`boundOf`) is no longer so. */
export async function subscriberOfLink(
  deps: Pick<PeopleDeps, "access" | "subscribers" | "clock">,
  purpose: LinkPurpose,
  token: string,
  boundOf: (subscriber: Subscriber) => string | null,
): Promise<Subscriber | null> {
  const claim = parseLinkToken(token);
  if (claim === null) return null;
  const [key, subscriber] = await Promise.all([
    deps.access.getSigningKey(claim.pageId, claim.keyVersion),
    deps.subscribers.get(claim.pageId, claim.channel, claim.subscriberId),
  ]);
  const bound = subscriber === null ? null : boundOf(subscriber);
  if (key === null || bound === null || !isLinkValid(key, purpose, token, bound, deps.clock())) return null;
  return subscriber;
}
