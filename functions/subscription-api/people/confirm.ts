import { CONFIRM_TOKEN_LIFE_MS, parseConfirmToken } from "../../core/confirm-token.ts";
import { sameDigest } from "../../core/ids.ts";
import { type Invitation, openInvitation } from "../../core/invitation.ts";
import type { Locale } from "../../core/locale.ts";
import { isMailboxTokenValid, parseMailboxToken } from "../../core/mailbox-token.ts";
import { addressOf, type Subscriber } from "../../core/subscriber.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../../lambda/http.ts";
import { block, forgetBounce } from "../../subscriptions/blocks.ts";
import { endpointsPerHost } from "../../subscriptions/chats.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { type Opened, openToken } from "../open-link.ts";
import { identityOf, pageOf } from "../page-of.ts";
import { done, linkDoesNotWork, noPlace, question } from "../pages.tsx";
import { proveContact } from "../prove-contact.ts";
import { readerLocale } from "../reader-locale.ts";
import { acceptInvitation } from "./accept-invitation.ts";
import { confirmWords } from "./confirm-words.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { welcome } from "./welcome.tsx";

/** The two links of a confirmation: "yes", and "I did not ask for this". Both have the same token. */
export function confirmRoutes(deps: PeopleDeps): HttpRoute[] {
  const [path, declinePath] = ["/confirm/{token}", "/decline/{token}"];
  return [
    { method: "GET", path, run: (request) => ask(deps, request, "confirm") },
    { method: "POST", path, run: (request) => confirm(deps, request) },
    { method: "GET", path: declinePath, run: (request) => ask(deps, request, "decline") },
    { method: "POST", path: declinePath, run: (request) => decline(deps, request) },
  ];
}

async function ask(deps: PeopleDeps, request: HttpRequest, what: "confirm" | "decline"): Promise<HttpReply> {
  const mailbox = what === "decline" ? await mailboxOfLink(deps, request) : null;
  if (mailbox !== null) {
    const locale = readerLocale(request.headers);
    return question(identityOf(deps, await mailbox.page()), locale, stringsOf(locale).subscriptions.decline);
  }
  const invited = await invitedBy(deps, request);
  if (invited === null || (what === "decline" && invited.subscriber.state === "active")) {
    return linkDoesNotWork(deps.pageUrl, request.headers);
  }
  const { pageId } = invited.subscriber;
  const locale = localeOf(invited);
  const words =
    what === "confirm"
      ? confirmWords({ ...invited.subscriber, locale }).question
      : stringsOf(locale).subscriptions.decline;
  return question(await pageOf(deps, pageId), locale, words);
}

async function confirm(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const invited = await invitedBy(deps, request);
  if (invited === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { subscriber } = invited;
  const { pageId, channel, state } = subscriber;
  const locale = localeOf(invited);
  const outcome = await confirmOne(deps, invited);
  if (outcome === "full") return noPlace(await pageOf(deps, pageId), locale);
  if (outcome === "void") return linkDoesNotWork(deps.pageUrl, request.headers);
  if (channel === "email" && state !== "active") {
    const key = await deps.access.currentSigningKey(pageId);
    await forgetBounce(deps, key, { pageId, channel, address: addressOf(subscriber) });
  }
  const identity = await pageOf(deps, pageId);
  return welcome(deps, identity, subscriber, locale, confirmWords({ ...subscriber, locale }).confirmed);
}

/**
 * `void`: a newer link or an unsubscription came in between; a second press of the button does no harm. An endpoint
 * takes one of its host's places; `full`: there is none.
 */
async function confirmOne(
  deps: PeopleDeps,
  { subscriber, hash, invitation }: Invited,
): Promise<"confirmed" | "void" | "full"> {
  const { subscribers, access, clock } = deps;
  const { pageId, id, state } = subscriber;
  if (state === "active") return "confirmed";
  if (invitation !== null && subscriber.channel !== "webhook") {
    return (await acceptInvitation({ subscribers }, subscriber, invitation, clock())) ? "confirmed" : "void";
  }
  const changed =
    subscriber.channel === "webhook"
      ? await subscribers.confirmEndpoint(pageId, id, hash, endpointsPerHost(subscriber.endpoint), clock())
      : await subscribers.confirm(pageId, subscriber.channel, id, hash, clock());
  if (changed.outcome === "full") return "full";
  if (changed.outcome === "changed" && changed.subscriber.channel === "webhook") {
    await proveContact(deps, await access.currentSigningKey(pageId), changed.subscriber);
  }
  return changed.outcome !== "missing" && changed.subscriber.state === "active" ? "confirmed" : "void";
}

/**
 * The address was somebody else's. It is blocked first, so that nothing is lost if the rest fails. A subscriber who was
 * there before stays as they were: that they had left, or that mail to them bounced.
 */
async function decline(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const mailbox = await mailboxOfLink(deps, request);
  if (mailbox !== null) return closeMailbox(deps, request, mailbox);
  const invited = await invitedBy(deps, request);
  const subscriber = invited?.subscriber;
  if (invited === null || subscriber?.channel !== "email" || subscriber.state === "active")
    return linkDoesNotWork(deps.pageUrl, request.headers);
  const { pageId, channel, id, state } = subscriber;
  const key = await deps.access.currentSigningKey(pageId);
  await block(deps, key, { pageId, channel, address: addressOf(subscriber) }, "not asked for", deps.clock());
  if (state === "unconfirmed") await deps.subscribers.remove(pageId, channel, id);
  else await deps.subscribers.forgetInvitations(pageId, channel, id);
  const locale = localeOf(invited);
  return done(await pageOf(deps, pageId), locale, stringsOf(locale).subscriptions.declined);
}

interface Invited {
  subscriber: Subscriber;
  hash: string;
  /** Null: an operator invited them, or they have confirmed by this link already. */
  invitation: Invitation | null;
}

/** The mailbox that an endpoint named as its contact's; null: it is another link, or not ours. */
async function mailboxOfLink(deps: PeopleDeps, request: HttpRequest): Promise<OpenedMailbox | null> {
  const token = request.params.token ?? "";
  return openToken(deps, parseMailboxToken(token), (key) => isMailboxTokenValid(key, token));
}

type OpenedMailbox = Opened & { claim: { pageId: string; mac: string } };

/** The endpoint stays as it is: its answers say whose it is. */
async function closeMailbox(
  deps: PeopleDeps,
  { headers }: HttpRequest,
  { claim, page }: OpenedMailbox,
): Promise<HttpReply> {
  await deps.subscribers.block(claim.pageId, "email", claim.mac, "not asked for", deps.clock());
  const locale = readerLocale(headers);
  return done(identityOf(deps, await page()), locale, stringsOf(locale).subscriptions.declined);
}

/** The language of the letter. */
function localeOf({ subscriber, invitation }: Invited): Locale {
  return invitation?.locale ?? subscriber.locale;
}

/**
 * The subscriber whom the link invited: while the token is theirs and not too old, and for one who has just confirmed
 * with it.
 */
async function invitedBy(deps: PeopleDeps, request: HttpRequest): Promise<Invited | null> {
  const token = parseConfirmToken(request.params.token ?? "");
  if (token === null) return null;
  const { pageId, channel, subscriberId, hash } = token;
  const subscriber = await deps.subscribers.get(pageId, channel, subscriberId);
  if (subscriber === null) return null;
  const { state, confirmTokenHash, updatedAt } = subscriber;
  const now = deps.clock();
  if (confirmTokenHash !== null && sameDigest(hash, confirmTokenHash)) {
    if (state === "unconfirmed" && now - updatedAt <= CONFIRM_TOKEN_LIFE_MS)
      return { subscriber, hash, invitation: null };
    return state === "active" ? { subscriber, hash, invitation: null } : null;
  }
  const invitation = openInvitation(
    subscriber,
    await deps.subscribers.invitationsOf(pageId, channel, subscriberId),
    hash,
    now,
  );
  return invitation === null ? null : { subscriber, hash, invitation };
}
