import { type TokenSubject, tokenKeyVersion, verifySubscriberToken } from "../core/signature.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../lambda/http.ts";
import type { SubscriptionDeps } from "./api.ts";
import { pageOf } from "./page-of.ts";
import { askToUnsubscribe, linkDoesNotWork, unsubscribed } from "./pages.tsx";

export function unsubscribeRoutes(deps: SubscriptionDeps): HttpRoute[] {
  const path = "/unsubscribe/{token}";
  return [
    { method: "GET", path, run: (request) => ask(deps, request) },
    { method: "POST", path, run: (request) => leave(deps, request) },
  ];
}

async function ask(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const subject = await subjectOf(deps, request);
  return subject === null ? linkDoesNotWork(deps.pageUrl) : askToUnsubscribe(await pageOf(deps, subject.pageId));
}

/** Leaves, however often it is asked, and also where nobody is left to leave. */
async function leave(deps: SubscriptionDeps, request: HttpRequest): Promise<HttpReply> {
  const subject = await subjectOf(deps, request);
  if (subject === null) return linkDoesNotWork(deps.pageUrl);
  await deps.subscribers.changeState(
    subject.pageId,
    subject.channel,
    subject.subscriberId,
    ["unconfirmed", "active", "quarantined"],
    "unsubscribed",
    deps.clock(),
  );
  if (isOneClick(request)) return { status: 200 };
  return unsubscribed(await pageOf(deps, subject.pageId));
}

/** Who the token is for. It never expires: a link in an old mail must still work. */
async function subjectOf(deps: SubscriptionDeps, request: HttpRequest): Promise<TokenSubject | null> {
  const token = request.params.token ?? "";
  const version = tokenKeyVersion(token);
  const pageId = /^\d+\.([a-z0-9]{12})\./.exec(token)?.[1];
  if (version === null || pageId === undefined) return null;
  const key = await deps.access.getSigningKey(pageId, version);
  return key === null ? null : verifySubscriberToken(key, "unsubscribe", token);
}

/** RFC 8058, section 3.2: the mail provider's own POST, as a form or as multipart/form-data. It wants no page and no redirect. */
function isOneClick({ text }: HttpRequest): boolean {
  if (new URLSearchParams(text).get("List-Unsubscribe") === "One-Click") return true;
  return /name="?List-Unsubscribe"?\s*\r?\n(?:[^\r\n]+\r?\n)*\r?\nOne-Click\s*(?:\r?\n|$)/i.test(text);
}
