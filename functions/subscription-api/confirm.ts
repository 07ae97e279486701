import { CONFIRM_TOKEN_LIFE_MS, parseConfirmToken } from "../core/confirm-token.ts";
import { sameDigest } from "../core/signature.ts";
import { addressOf, type Subscriber } from "../core/subscriber.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../lambda/http.ts";
import { block, forgetBounce } from "../subscriptions/blocks.ts";
import { endpointsPerHost } from "../subscriptions/chats.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import type { SubscriptionDeps } from "./api.ts";
import { confirmWords } from "./confirm-words.ts";
import { pageOf } from "./page-of.ts";
import { done, linkDoesNotWork, noPlace, question } from "./pages.tsx";

interface Invited {
  subscriber: Subscriber;
  hash: string;
}

/** The two links of a confirmation: yes, and "I did not ask for this". One token for both. */
export function confirmRoutes(deps: SubscriptionDeps): HttpRoute[] {
  const [path, declinePath] = ["/confirm/{token}", "/decline/{token}"];
  return [
    { method: "GET", path, run: (request) => ask(deps, request, "confirm") },
    { method: "POST", path, run: (request) => confirm(deps, request) },
    { method: "GET", path: declinePath, run: (request) => ask(deps, request, "decline") },
    { method: "POST", path: declinePath, run: (request) => decline(deps, request) },
  ];
}

async function ask(deps: SubscriptionDeps, request: HttpRequest, what: "confirm" | "decline"): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  if (invited === null || (what === "decline" && invited.subscriber.state !== "unconfirmed")) {
    return linkDoesNotWork(deps.pageUrl, request.headers);
  }
  const { pageId, locale } = invited.subscriber;
  const words =
    what === "confirm" ? confirmWords(invited.subscriber).question : stringsOf(locale).subscriptions.decline;
  return question(await pageOf(deps, pageId), locale, words);
}

async function confirm(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  if (invited === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { pageId, state, locale } = invited.subscriber;
  if (state === "unconfirmed") {
    const changed = await confirmOne(deps, invited);
    if (changed.outcome === "full") return noPlace(await pageOf(deps, pageId), locale);
    // A newer link or an unsubscription got in between; a second click on the button did no harm.
    if (changed.outcome === "missing") return linkDoesNotWork(deps.pageUrl, request.headers);
    if (changed.outcome === "unchanged" && changed.subscriber.state !== "active")
      return linkDoesNotWork(deps.pageUrl, request.headers);
    if (invited.subscriber.channel === "email") {
      const key = await deps.access.currentSigningKey(pageId);
      await forgetBounce(deps, key, pageId, "email", addressOf(invited.subscriber));
    }
  }
  return done(await pageOf(deps, pageId), locale, confirmWords(invited.subscriber).confirmed);
}

/** An endpoint takes one of its host's places with it. */
function confirmOne({ subscribers, clock }: SubscriptionDeps, { subscriber, hash }: Invited) {
  const { pageId, id } = subscriber;
  return subscriber.channel === "webhook"
    ? subscribers.confirmEndpoint(pageId, id, hash, endpointsPerHost(subscriber.endpoint), clock())
    : subscribers.confirm(pageId, subscriber.channel, id, hash, clock());
}

/** The address was somebody else's: it is blocked first, so that nothing is lost if the rest fails. */
async function decline(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  const subscriber = invited?.subscriber;
  if (subscriber?.channel !== "email" || subscriber.state !== "unconfirmed")
    return linkDoesNotWork(deps.pageUrl, request.headers);
  const { pageId, channel, id, locale } = subscriber;
  const key = await deps.access.currentSigningKey(pageId);
  await block(deps, key, pageId, channel, addressOf(subscriber), "not asked for", deps.clock());
  await deps.subscribers.remove(pageId, channel, id);
  return done(await pageOf(deps, pageId), locale, stringsOf(locale).subscriptions.declined);
}

/** Whom the link invited: while the token is theirs and not too old, and for one who has just confirmed with it. */
async function invitedBy(deps: SubscriptionDeps, request: HttpRequest): Promise<Invited | null> {
  const token = parseConfirmToken(request.params.token ?? "");
  if (token === null) return null;
  const subscriber = await deps.subscribers.get(token.pageId, token.channel, token.subscriberId);
  if (subscriber?.confirmTokenHash == null || !sameDigest(token.hash, subscriber.confirmTokenHash)) return null;
  if (subscriber.state !== "unconfirmed" && subscriber.state !== "active") return null;
  const expired = deps.clock() - subscriber.updatedAt > CONFIRM_TOKEN_LIFE_MS;
  return subscriber.state === "unconfirmed" && expired ? null : { subscriber, hash: token.hash };
}
