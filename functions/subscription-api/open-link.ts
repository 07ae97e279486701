import type { Clock } from "../core/clock.ts";
import { isLinkValid, type LinkPurpose, parseLinkToken } from "../core/link-token.ts";
import type { Page } from "../core/page.ts";
import type { SigningKey } from "../core/signing-key.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface TokenDeps {
  status: Pick<StatusStore, "getPage">;
  access: Pick<AccessStore, "getSigningKey">;
}

export interface LinkDeps extends TokenDeps {
  subscribers: Pick<SubscriberStore, "get">;
  clock: Clock;
}

/** What comes with a token of ours. */
export interface Opened {
  /** It also signs the page's other tokens and names its addresses, so a request needs no second one. */
  key: SigningKey;
  /** Reads the page, once for all who ask; null: it is gone. */
  page: () => Promise<Page | null>;
}

export type OpenedLink = Opened & { subscriber: Subscriber };

/** What a token says, if the key that it names has signed it; otherwise null. */
export async function openToken<C extends { pageId: string; keyVersion: number }>(
  { access, status }: TokenDeps,
  claim: C | null,
  isValid: (key: SigningKey) => boolean,
): Promise<(Opened & { claim: C }) | null> {
  if (claim === null) return null;
  const key = await access.getSigningKey(claim.pageId, claim.keyVersion);
  return key !== null && isValid(key) ? { claim, key, page: pageOnce(status, claim.pageId) } : null;
}

/** The subscriber of a link; null if the link is not ours, is over, or what it was bound to (`boundOf`) has changed. */
export async function openLink(
  { access, subscribers, status, clock }: LinkDeps,
  purpose: LinkPurpose,
  token: string,
  boundOf: (subscriber: Subscriber) => string | null,
): Promise<OpenedLink | null> {
  const claim = parseLinkToken(token);
  if (claim === null) return null;
  const { pageId, keyVersion, channel, subscriberId } = claim;
  const [key, subscriber] = await Promise.all([
    access.getSigningKey(pageId, keyVersion),
    subscribers.get(pageId, channel, subscriberId),
  ]);
  const bound = subscriber === null ? null : boundOf(subscriber);
  if (key === null || subscriber === null || bound === null) return null;
  if (!isLinkValid(key, purpose, token, bound, clock())) return null;
  return { subscriber, key, page: pageOnce(status, pageId) };
}

function pageOnce(status: TokenDeps["status"], pageId: string): Opened["page"] {
  let reading: Promise<Page | null> | null = null;
  return () => {
    reading ??= status.getPage(pageId);
    return reading;
  };
}
