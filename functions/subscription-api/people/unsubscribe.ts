import { addressMac } from "../../core/address-mac.ts";
import { linkToken } from "../../core/link-token.ts";
import { mailboxOf } from "../../core/mailbox.ts";
import { MAIL_RULES, permit } from "../../core/permit.ts";
import { letterWork } from "../../core/queued-work.ts";
import type { EmailSubscriber, Subscriber } from "../../core/subscriber.ts";
import { isSubscriberTokenValid, parseSubscriberToken } from "../../core/subscriber-token.ts";
import type { TokenSubject } from "../../core/token-form.ts";
import type { HttpReply, HttpRequest, HttpRoute } from "../../lambda/http.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { UNDO_LIFE_MS } from "../letters.ts";
import { type Opened, openToken } from "../open-link.ts";
import { identityOf, lookOf } from "../page-of.ts";
import { askToUnsubscribe, done, linkDoesNotWork } from "../pages.tsx";
import { sendLinkTo } from "./manage-link.tsx";
import type { PeopleDeps } from "./people-deps.ts";

export function unsubscribeRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/unsubscribe/{token}";
  return [
    { method: "GET", path, run: (request) => ask(deps, request) },
    { method: "POST", path, run: (request) => leave(deps, request) },
  ];
}

async function ask(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openWayOut(deps, request);
  if (opened === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { pageId, channel, subscriberId } = opened.claim;
  const [page, subscriber] = await Promise.all([opened.page(), deps.subscribers.get(pageId, channel, subscriberId)]);
  return askToUnsubscribe(identityOf(deps, page), subscriber?.locale ?? "en");
}

/** Ends a subscription, however often it is asked, even if nobody is left. */
async function leave(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const opened = await openWayOut(deps, request);
  if (opened === null) return linkDoesNotWork(deps.pageUrl, request.headers);
  const { pageId, channel, subscriberId } = opened.claim;
  if (!isOneClick(request) && new URLSearchParams(request.text).get("instead") === "change") {
    const subscriber = await deps.subscribers.get(pageId, channel, subscriberId);
    const page = await opened.page();
    const visit = { page: lookOf(page, pageId), key: opened.key, now: deps.clock() };
    await sendLinkTo(deps, visit, subscriber);
    const locale = subscriber?.locale ?? "en";
    return done(identityOf(deps, page), locale, stringsOf(locale).subscriptions.linkSent);
  }
  if (isOneClick(request)) {
    await unsubscribe(deps, opened, opened.claim, "mail program");
    return { status: 200 };
  }
  // This comes before the unsubscription: after it the letter may have been sent, and count.
  const isTold = await mayBeTold(deps, opened);
  const left = await unsubscribe(deps, opened, opened.claim, "link");
  const locale = left?.locale ?? "en";
  const { unsubscribed } = stringsOf(locale).subscriptions;
  const undo = left?.channel === "email" && left.confirmedAt !== null && isTold ? unsubscribed.undo : null;
  return done(identityOf(deps, await opened.page()), locale, unsubscribed, undo);
}

/** Whether the sender will permit the farewell: the page promises nothing that does not come. */
async function mayBeTold({ subscribers, access, clock }: PeopleDeps, { claim, key }: WayOut): Promise<boolean> {
  const subscriber = await subscribers.get(claim.pageId, claim.channel, claim.subscriberId);
  if (subscriber?.channel !== "email" || subscriber.state !== "active") return true;
  const mac = addressMac(key, "email", mailboxOf(subscriber.email));
  const farewell = { letterId: "", kind: "farewell", cause: "own link", isProven: true } as const;
  return permit(await access.getPermits(mac), farewell, MAIL_RULES, clock()).outcome === "permitted";
}

/**
 * Ends a subscription. A subscriber who got updates until now gets a letter about the end too, with a way back: several
 * people may read one mailbox, and one of them may have left for all. Null: there is nobody.
 */
export async function unsubscribe(
  deps: PeopleDeps,
  opened: Opened,
  { pageId, channel, subscriberId }: TokenSubject,
  how: "link" | "mail program" | "manage page",
): Promise<Subscriber | null> {
  const now = deps.clock();
  const left = await deps.subscribers.changeState(
    pageId,
    channel,
    subscriberId,
    { from: ["active"], to: "unsubscribed" },
    now,
  );
  if (left.outcome === "missing") return null;
  if (left.outcome === "changed") {
    if (left.subscriber.channel === "email") await sayFarewell(deps, opened, left.subscriber, how);
    return left.subscriber;
  }
  if (left.subscriber.state === "unsubscribed") return left.subscriber;
  const others = ["unconfirmed", "quarantined"] as const;
  const ended = await deps.subscribers.changeState(
    pageId,
    channel,
    subscriberId,
    { from: others, to: "unsubscribed" },
    now,
  );
  return ended.outcome === "missing" ? null : ended.subscriber;
}

/** The unsubscription counts whether or not the letter can be sent. */
async function sayFarewell(
  deps: PeopleDeps,
  opened: Opened,
  subscriber: EmailSubscriber,
  how: "link" | "mail program" | "manage page",
): Promise<void> {
  const { pageId, channel, id: subscriberId, locale, email, unsubscribedAt } = subscriber;
  if (unsubscribedAt === null) return;
  try {
    const page = await opened.page();
    if (page === null) return;
    const subject = { pageId, channel, subscriberId };
    const token = linkToken(opened.key, "resubscribe", subject, unsubscribedAt + UNDO_LIFE_MS, String(unsubscribedAt));
    const undoUrl = `${deps.subscriptionsUrl}/resubscribe/${token}`;
    const { name: pageName, branding, timeZone } = page;
    const raw = await deps.renderFarewell({
      pageName,
      branding,
      locale,
      to: email,
      unsubscribedAt,
      timeZone,
      how,
      undoUrl,
    });
    const content = { cause: "own link", letter: { about: "farewell", unsubscribedAt }, raw } as const;
    await deps.letters.sendLetter(letterWork(subscriber, content, deps.random));
  } catch (error) {
    deps.log.error("a farewell letter was not queued", error, { pageId, subscriberId });
  }
}

type WayOut = Opened & { claim: TokenSubject };

/** The subscriber that the token is for. It never expires: a link in an old mail must still work. */
function openWayOut(deps: PeopleDeps, request: HttpRequest): Promise<WayOut | null> {
  const token = request.params.token ?? "";
  return openToken(deps, parseSubscriberToken(token), (key) => isSubscriberTokenValid(key, "unsubscribe", token));
}

/** RFC 8058, section 3.2: the mail provider's own POST, as a form or as multipart/form-data. It wants no page and no redirect. */
function isOneClick({ text }: HttpRequest): boolean {
  if (new URLSearchParams(text).get("List-Unsubscribe") === "One-Click") return true;
  // Line by line: one expression for it all takes quadratic time for a part with many header lines.
  const lines = text.split(/\r?\n/);
  const disposition = lines.findIndex((line) =>
    /\bname=(?:"List-Unsubscribe"|List-Unsubscribe$)/i.test(line.trimEnd()),
  );
  const blank = disposition === -1 ? -1 : lines.indexOf("", disposition);
  return blank !== -1 && /^One-Click$/i.test(lines[blank + 1]?.trim() ?? "");
}
