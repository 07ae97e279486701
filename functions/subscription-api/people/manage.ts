import { hearsNothing, presentScopes } from "../../core/chosen.ts";
import { addressOf, type Channel, lastingReason, type Subscriber } from "../../core/subscriber.ts";
import { type HttpReply, type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { block } from "../../subscriptions/blocks.ts";
import { changeSubscriber } from "../../subscriptions/change-subscriber.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { type OpenedLink, openLink } from "../open-link.ts";
import { identityOf } from "../page-of.ts";
import { done, linkDoesNotWork } from "../pages.tsx";
import { type BothReply, forBoth } from "./both.ts";
import {
  type Choices,
  enteredIn,
  type ManageInput,
  manageSchema,
  type Offer,
  tickedBy,
  withChoices,
} from "./manage-choices.ts";
import { managePage, type Note } from "./manage-page.tsx";
import type { PeopleDeps } from "./people-deps.ts";
import { resubscribe } from "./resubscribe.ts";
import { sentPage } from "./sent-page.tsx";
import { unsubscribe } from "./unsubscribe.ts";

/** What the holder of a manage link sees and does. */
export function manageRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/manage/{token}";
  return [
    { method: "GET", path, run: (request) => show(deps, request) },
    { method: "POST", path, run: forBoth(deps, (request) => change(deps, request)) },
    { method: "GET", path: `${path}/sent`, run: (request) => showSent(deps, request) },
  ];
}

async function show(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openManageLink(deps, request);
  if (opened === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { subscriber } = opened;
  const offer = await offerOf(deps, subscriber.pageId);
  const { scopes, isAsked } = tickedBy(request.query, subscriber.scopes, offer);
  const identity = identityOf(deps, await opened.page());
  const choices = { ...subscriber, scopes };
  const note = isAsked ? "preselected" : null;
  return managePage({ identity, subscriber, choices, offer, path: basePath(request), note });
}

async function showSent(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openManageLink(deps, request);
  return opened === null
    ? linkDoesNotWork(deps.pageUrl, request.headers)
    : sentPage(deps, opened.subscriber, basePath(request));
}

const NO_LINK = () => new HttpProblem(404, "This link does not work");

async function change(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const opened = await openManageLink(deps, request);
  if (opened === null) {
    return {
      status: 404,
      body: { error: NO_LINK().message },
      page: () => linkDoesNotWork(deps.pageUrl, request.headers),
    };
  }
  const { subscriber } = opened;
  const offer = await offerOf(deps, subscriber.pageId);
  const identity = identityOf(deps, await opened.page());
  const pageWith = (shown: Subscriber, choices: Choices, note: Note, status = 200) =>
    managePage({ identity, subscriber: shown, choices, offer, path: basePath(request), note }, status);
  let entered: Choices = subscriber;
  try {
    const input = fieldsIn(manageSchema, parsedBody(request), "");
    if (input.action === undefined || input.action === "save") entered = enteredIn(subscriber, input);
    const acted = await act(deps, opened, input, offer);
    const { subscriber: after, note } = acted;
    const { locale } = after ?? subscriber;
    return {
      status: 200,
      body: after === null ? { status: "erased" } : { status: after.state, subscription: presented(after, offer) },
      page: () =>
        after === null ? done(identity, locale, stringsOf(locale).subscriptions.erased) : pageWith(after, after, note),
    };
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.status !== 422) throw error;
    const { message, details, status } = error;
    return {
      status,
      body: { error: message, details },
      page: () => pageWith(subscriber, entered, noteOf(error, entered), status),
    };
  }
}

function noteOf({ message, details }: HttpProblem, { scopes }: Choices): Note {
  switch (details[0]?.field) {
    case "component_ids":
      return scopes.components.length === 0 ? "nothing chosen" : "gone";
    case "incident_ids":
      return "gone";
    case "what":
      return "everything and some";
    case "sure":
      return "erase unsure";
    default:
      return { problem: message };
  }
}

async function act(
  deps: PeopleDeps,
  opened: OpenedLink,
  input: ManageInput,
  offer: Offer,
): Promise<{ subscriber: Subscriber | null; note: Note }> {
  const now = deps.clock();
  const { subscriber } = opened;
  const { pageId, channel, id: subscriberId } = subscriber;
  switch (input.action ?? "save") {
    case "save":
      return {
        subscriber: await replaced(deps, subscriber, (read) => withChoices(read, input, offer, now)),
        note: "saved",
      };
    case "pause": {
      const paused = (read: Subscriber) => ({ ...read, pausedAt: read.pausedAt ?? now, updatedAt: now });
      return { subscriber: await replaced(deps, subscriber, paused), note: "paused" };
    }
    case "resume": {
      const resumed = (read: Subscriber) => ({ ...read, pausedAt: null, updatedAt: now });
      return { subscriber: await replaced(deps, subscriber, resumed), note: "resumed" };
    }
    case "unsubscribe": {
      const subject = { pageId, channel, subscriberId };
      return { subscriber: await unsubscribe(deps, opened, subject, "manage page"), note: "left" };
    }
    case "resubscribe": {
      const isBack = await resubscribe(deps, subscriber);
      const after = await deps.subscribers.get(pageId, channel, subscriberId);
      return { subscriber: after, note: isBack ? "back" : null };
    }
    case "erase":
      if (input.sure !== true)
        throw new HttpProblem(422, "sure must be true", [{ field: "sure", problem: "must be true" }]);
      await erase(deps, opened, now);
      return { subscriber: null, note: null };
  }
}

async function replaced(
  deps: PeopleDeps,
  read: Subscriber,
  next: (read: Subscriber) => Subscriber,
): Promise<Subscriber> {
  const changed = await changeSubscriber<Channel>(deps, read, next);
  switch (changed.outcome) {
    case "changed":
    case "kept":
      return changed.subscriber;
    case "missing":
      throw NO_LINK();
    case "contended":
      throw new HttpProblem(409, "Your subscription is being changed elsewhere, try again");
  }
}

/**
 * Deletes everything except this: that an address bounced, or that its holder complained, must hold no matter who signs
 * it up again.
 */
async function erase(deps: PeopleDeps, { subscriber, key }: OpenedLink, now: number): Promise<void> {
  const { pageId, channel, id } = subscriber;
  if (channel === "webhook") throw NO_LINK();
  const reason = lastingReason(subscriber);
  if (reason !== null) {
    await block(deps, key, { pageId, channel, address: addressOf(subscriber) }, reason, now);
  }
  await deps.subscribers.remove(pageId, channel, id);
}

/** The form for programs. */
function presented({ scopes, preferences, locale, pausedAt, state }: Subscriber, { catalog }: Offer) {
  return {
    state,
    everything: scopes.page,
    component_ids: presentScopes(scopes, catalog).components,
    incident_ids: scopes.incidents,
    hears_nothing: hearsNothing(scopes, catalog),
    preferences: { updates: preferences.updates, minimum_impact: preferences.minimumImpact },
    locale,
    paused: pausedAt !== null,
  };
}

async function offerOf({ status }: PeopleDeps, pageId: string): Promise<Offer> {
  const [catalog, open] = await Promise.all([status.getCatalog(pageId), status.listUnresolved(pageId)]);
  return { catalog, open };
}

/**
 * The link is bound to the address: one that was mailed to another address is void. Endpoints have a page of their own.
 */
function openManageLink(deps: PeopleDeps, request: HttpRequest): Promise<OpenedLink | null> {
  return openLink(deps, "manage", request.params.token ?? "", (subscriber) =>
    subscriber.channel === "webhook" ? null : addressOf(subscriber),
  );
}

/** The path that the forms post to: the link without its query. */
function basePath(request: HttpRequest): string {
  return `/manage/${encodeURIComponent(request.params.token ?? "")}`;
}
