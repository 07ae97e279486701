import { CONFIRM_TOKEN_LIFE_MS, parseConfirmToken } from "../core/confirm-token.ts";
import { sameDigest } from "../core/signature.ts";
import type { Subscriber } from "../core/subscriber.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../lambda/http.ts";
import type { SubscriptionDeps } from "./api.ts";
import { pageOf } from "./page-of.ts";
import { askToConfirm, confirmed, linkDoesNotWork } from "./pages.tsx";

export function confirmRoutes(deps: SubscriptionDeps): HttpRoute[] {
  const path = "/confirm/{token}";
  return [
    { method: "GET", path, run: (request) => ask(deps, request) },
    { method: "POST", path, run: (request) => confirm(deps, request) },
  ];
}

async function ask(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  if (invited === null) return linkDoesNotWork(deps.pageUrl);
  return askToConfirm(await pageOf(deps, invited.subscriber.pageId));
}

async function confirm(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  if (invited === null) return linkDoesNotWork(deps.pageUrl);
  const { pageId, channel, id, state } = invited.subscriber;
  if (state === "unconfirmed") {
    const changed = await deps.subscribers.confirm(pageId, channel, id, invited.hash, deps.clock());
    // A newer link or an unsubscription got in between; a second click on the button did no harm.
    if (changed.outcome === "missing") return linkDoesNotWork(deps.pageUrl);
    if (changed.outcome === "unchanged" && changed.subscriber.state !== "active") return linkDoesNotWork(deps.pageUrl);
  }
  return confirmed(await pageOf(deps, pageId));
}

/** Whom the link invited: while the token is theirs and not too old, and for one who has just confirmed with it. */
async function invitedBy(
  deps: SubscriptionDeps,
  request: HttpRequest,
): Promise<{ subscriber: Subscriber; hash: string } | null> {
  const token = parseConfirmToken(request.params.token ?? "");
  if (token === null) return null;
  const subscriber = await deps.subscribers.get(token.pageId, token.channel, token.subscriberId);
  if (subscriber?.confirmTokenHash == null || !sameDigest(token.hash, subscriber.confirmTokenHash)) return null;
  if (subscriber.state !== "unconfirmed" && subscriber.state !== "active") return null;
  const expired = deps.clock() - subscriber.updatedAt > CONFIRM_TOKEN_LIFE_MS;
  return subscriber.state === "unconfirmed" && expired ? null : { subscriber, hash: token.hash };
}
