import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import { ROTATION_OVERLAP_MS } from "../../core/webhook-signature.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { type HttpReply, type HttpRequest, type HttpRoute, json, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { speaksJson } from "../../lambda/negotiate.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { endpointField, endpointOf } from "../../subscriptions/contact.ts";
import { presentSubject } from "../../subscriptions/subject-view.ts";
import { countSource } from "../caps.ts";
import { holderOf } from "../holder-of.ts";
import { linkDoesNotWork } from "../pages.tsx";
import { proveContact } from "../prove-contact.ts";
import { requireMail } from "../require-mail.ts";
import { type Visit, visitOf } from "../visit.ts";
import { openPortal, type Portal } from "./portal-access.ts";
import { challengeAgain, changeFilter, pause, resume, rotateSecret, sendTest } from "./portal-actions.ts";
import { hasOpen, listDeliveries, presentRow, revisionOf } from "./portal-deliveries.ts";
import { type EnteredFilter, enteredFilter } from "./portal-filter.ts";
import { mailPortalLink } from "./portal-link.ts";
import { noticeFor, portalDeleted, refusal } from "./portal-notices.tsx";
import { lostLinkPage, portalPage, secretPage } from "./portal-page.tsx";
import { replayFailed, replayOne } from "./portal-replays.ts";
import type { WebhookDeps } from "./webhook-deps.ts";
import { presentWebhook } from "./webhook-view.ts";

/** The result of an action: JSON for programs, and for people the notice on the next page, or a page of its own. */
interface Done {
  status: number;
  body: unknown;
  next: { notice: string; detail?: string } | { page: HttpReply };
}
type Act = (portal: Portal, body: unknown) => Promise<Done>;

/**
 * What an integrator sees and does, with the link mailed to the endpoint's contact. The same addresses answer people
 * with pages and programs with JSON; only POST changes anything.
 */
export function portalRoutes(deps: WebhookDeps): HttpRoute[] {
  const post = (to: string, act: Act): HttpRoute => ({
    method: "POST",
    path: `/portal/{token}/${to}`,
    run: (request) => perform(deps, request, act),
  });
  const endpoint = (portal: Portal, subscriber: Portal["subscriber"]) => ({
    endpoint: presentWebhook(subscriber, portal.page, portal.catalog),
  });
  return [
    { method: "GET", path: "/portal", run: (request) => askForLink(deps, request) },
    { method: "POST", path: "/portal", run: (request) => mailLinkOrAsk(deps, request) },
    { method: "GET", path: "/portal/{token}", run: (request) => show(deps, request) },
    post("test", async (portal) => {
      const id = await sendTest(deps, portal);
      return { status: 202, body: { test: { id, state: "queued" } }, next: { notice: "test" } };
    }),
    post("replay", async (portal, body) => {
      const replayed = await replayOne(deps, portal, body);
      const delivery = { ...presentSubject(replayed, portal.catalog), state: replayed.state };
      return { status: 202, body: { delivery }, next: { notice: "replay" } };
    }),
    post("replay-failed", async (portal, body) => {
      const { queued, alreadyOpen, left } = await replayFailed(deps, portal, body);
      const counts = { queued, already_open: alreadyOpen, left };
      return { status: 202, body: counts, next: { notice: "replay-failed", detail: `${queued}-${left}` } };
    }),
    post("rotate-secret", async (portal, body) => {
      const secret = await rotateSecret(deps, portal, body);
      const until = isoInZone(portal.now + ROTATION_OVERLAP_MS, portal.page.timeZone);
      const page = secretPage(portal, secret, deps.pageUrl);
      return { status: 201, body: { signing_secret: secret, previous_valid_until: until }, next: { page } };
    }),
    // Every action by the link proves the contact; this one does nothing else.
    post("contact", async (portal) => {
      return { status: 200, body: endpoint(portal, portal.subscriber), next: { notice: "contact" } };
    }),
    post("pause", async (portal) => {
      return { status: 200, body: endpoint(portal, await pause(deps, portal)), next: { notice: "pause" } };
    }),
    post("resume", async (portal) => {
      return { status: 200, body: endpoint(portal, await resume(deps, portal)), next: { notice: "resume" } };
    }),
    post("filter", async (portal, body) => {
      const changed = await changeFilter(deps, portal, body);
      return { status: 200, body: endpoint(portal, changed), next: { notice: "filter" } };
    }),
    post("challenge", async (portal) => {
      const waiting = await challengeAgain(deps, portal);
      return { status: 202, body: endpoint(portal, waiting), next: { notice: "challenge" } };
    }),
    post("delete", async (portal) => {
      const { pageId, channel, id } = portal.subscriber;
      await deps.subscribers.remove(pageId, channel, id);
      const page = portalDeleted(portal.page.name, deps.pageUrl);
      return { status: 200, body: { deleted: true }, next: { page } };
    }),
  ];
}

async function show(deps: WebhookDeps, request: HttpRequest): Promise<HttpReply> {
  const portal = await openPortal(deps, request);
  if (portal === null) return noLink(deps, request);
  const cursor = request.query.get("cursor");
  const list = await listDeliveries(deps, portal, cursor === "" ? null : cursor);
  if (speaksJson(request.headers)) {
    return json(200, {
      endpoint: presentWebhook(portal.subscriber, portal.page, portal.catalog),
      deliveries: list.rows.map((row) => presentRow(row, portal)),
      next_cursor: list.next,
      open: hasOpen(list),
      revision: revisionOf(portal, list),
    });
  }
  const notice = noticeFor(request.query);
  return portalPage(200, { portal, list, pageUrl: deps.pageUrl, notice, entered: null });
}

/** Answers a page with the way back to the portal, so that reloading it does nothing again. */
async function perform(deps: WebhookDeps, request: HttpRequest, act: Act): Promise<HttpReply> {
  const opened = await openPortal(deps, request);
  if (opened === null) return noLink(deps, request);
  const portal = { ...opened, subscriber: await proveContact(deps, opened.key, opened.subscriber) };
  const isProgram = speaksJson(request.headers);
  try {
    const done = await act(portal, parsedBody(request));
    if (isProgram) return json(done.status, done.body);
    if ("page" in done.next) return done.next.page;
    const { notice, detail } = done.next;
    const query = new URLSearchParams(detail === undefined ? { done: notice } : { done: notice, detail });
    return { status: 303, headers: { location: `${portal.path}?${query}` } };
  } catch (error) {
    if (isProgram || !(error instanceof HttpProblem)) throw error;
    const list = await listDeliveries(deps, portal, null);
    const entered = enteredIn(portal, request, error);
    return portalPage(error.status, { portal, list, pageUrl: deps.pageUrl, notice: refusal(error), entered });
  }
}

/** The content of a filter's form that was refused; null for any other form. */
function enteredIn({ subscriber }: Portal, request: HttpRequest, { details }: HttpProblem): EnteredFilter | null {
  if (!request.path.endsWith("/filter")) return null;
  return enteredFilter(subscriber, parsedBody(request), details[0]?.field);
}

function noLink(deps: WebhookDeps, request: HttpRequest): HttpReply {
  if (speaksJson(request.headers)) throw new HttpProblem(404, "This link does not work");
  return linkDoesNotWork(deps.pageUrl, request.headers);
}

async function askForLink(deps: WebhookDeps, request: HttpRequest): Promise<HttpReply> {
  requireMail(deps);
  const page = await deps.servedPage();
  const sent = request.query.get("done") === "mailed";
  return lostLinkPage(200, { pageName: page.name, pageUrl: deps.pageUrl, sent });
}

/** Shows people what was wrong with their form on the form itself, with what they had entered. */
async function mailLinkOrAsk(deps: WebhookDeps, request: HttpRequest): Promise<HttpReply> {
  const visit = await visitOf(deps);
  try {
    requireMail(deps);
    return await mailLink(deps, visit, request);
  } catch (error) {
    if (speaksJson(request.headers) || !(error instanceof HttpProblem)) throw error;
    const refused = {
      problem: refusal(error).text,
      endpoint: new URLSearchParams(request.text).get("endpoint") ?? "",
    };
    const reply = lostLinkPage(error.status, {
      pageName: visit.page.name,
      pageUrl: deps.pageUrl,
      sent: false,
      refused,
    });
    return { ...reply, headers: { ...reply.headers, ...error.headers } };
  }
}

const linkSchema = z.object({ endpoint: endpointField });

/** Answers 202, whatever is known of the endpoint. */
async function mailLink(deps: WebhookDeps, visit: Visit, request: HttpRequest): Promise<HttpReply> {
  const { endpoint: given } = fieldsIn(linkSchema, parsedBody(request), "");
  const endpoint = endpointOf(given, deps.webhookTargets, "endpoint");
  await countSource(deps, visit, "mail", request.source);
  const address = { pageId: visit.page.id, channel: "webhook", address: endpoint } as const;
  const subscriber = await holderOf(deps, address, newId(deps.random));
  await mailPortalLink(deps, visit, { endpoint, subscriber });
  if (!speaksJson(request.headers)) return { status: 303, headers: { location: "/portal?done=mailed" } };
  return json(202, { status: "if the endpoint is registered, a link is mailed to its contact" });
}
