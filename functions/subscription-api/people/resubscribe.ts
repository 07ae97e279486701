import { lastingReason, type Subscriber } from "../../core/subscriber.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../../lambda/http.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { type OpenedLink, openLink } from "../open-link.ts";
import { identityOf } from "../page-of.ts";
import { linkDoesNotWork, question } from "../pages.tsx";
import type { PeopleDeps } from "./people-deps.ts";
import { welcome } from "./welcome.tsx";

/** The way back, from the farewell letter. */
export function resubscribeRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/resubscribe/{token}";
  return [
    { method: "GET", path, run: (request) => ask(deps, request) },
    { method: "POST", path, run: (request) => comeBack(deps, request) },
  ];
}

async function ask(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openUndo(deps, request);
  if (opened === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { locale } = opened.subscriber;
  return question(identityOf(deps, await opened.page()), locale, stringsOf(locale).subscriptions.resubscribe);
}

async function comeBack(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openUndo(deps, request);
  if (opened === null || !(await resubscribe(deps, opened.subscriber)))
    return linkDoesNotWork(deps.pageUrl, request.headers);
  const { subscriber } = opened;
  const identity = identityOf(deps, await opened.page());
  return welcome(
    deps,
    identity,
    subscriber,
    subscriber.locale,
    stringsOf(subscriber.locale).subscriptions.resubscribed,
  );
}

/**
 * Brings back somebody who had confirmed before they left. False: they changed meanwhile, never had confirmed, or mail
 * to them bounced or was complained of.
 */
export async function resubscribe(deps: PeopleDeps, left: Subscriber): Promise<boolean> {
  if (left.state !== "unsubscribed" || left.confirmedAt === null || lastingReason(left) !== null) return false;
  const next: Subscriber = { ...left, state: "active", unsubscribedAt: null, updatedAt: deps.clock() };
  return (await deps.subscribers.replace(left, next)).outcome === "changed";
}

/** The link is bound to the moment of leaving, so it undoes that one time and no later one. */
function openUndo(deps: PeopleDeps, request: HttpRequest): Promise<OpenedLink | null> {
  return openLink(deps, "resubscribe", request.params.token ?? "", ({ state, unsubscribedAt }) =>
    state === "unsubscribed" && unsubscribedAt !== null ? String(unsubscribedAt) : null,
  );
}
