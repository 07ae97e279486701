import * as z from "zod/mini";
import type { Chunk } from "../../core/chunk.ts";
import { type Delivery, isOpen } from "../../core/delivery.ts";
import type { Update } from "../../core/incident.ts";
import type { UpdateNotice } from "../../core/notice.ts";
import { type Pauses, type SendRates, updateReport } from "../../core/report.ts";
import { pauseOf } from "../../core/sender-problem.ts";
import type { Channel } from "../../core/subscriber.ts";
import { countIn, fieldsIn, oneOf, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { pauseIn, pauseOfMail } from "../../store/access/access-store.ts";
import { InvalidCursorError } from "../../store/cursor.ts";
import type { ListPage } from "../../store/status/status-store.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { incidentIn } from "../incidents/incident-view.ts";
import { presentDelivery, presentReport } from "./delivery-view.ts";
import { deliveriesTo, resendFailed, resendOne } from "./resends.ts";

/** Tocsin's own: who got an update, who did not and why, and sending it to them again. */
export function deliveryRoutes(deps: ManageDeps): ManageRoute[] {
  const all = "/pages/{page}/incidents/{incident}/incident_updates/{update}/deliveries";
  // Every route that names subscribers needs the right to read them.
  const reading = ["incidents:read", "subscribers:read"] as const;
  const resending = ["incidents:write", "subscribers:read"] as const;
  return [
    { method: "GET", path: all, scope: "incidents:read", run: (call) => report(deps, call) },
    { method: "GET", path: `${all}/problems`, scope: reading, run: (call) => problems(deps, call) },
    {
      method: "POST",
      path: `${all}/resend_failed`,
      scope: resending,
      run: async (call) => resendFailed(deps, call, await notifyingUpdate(deps, call)),
    },
    {
      method: "POST",
      path: `${all}/{subscriber}/resend`,
      scope: resending,
      run: async (call) => resendOne(deps, call, await notifyingUpdate(deps, call)),
    },
    {
      method: "GET",
      path: "/pages/{page}/subscribers/{subscriber}/deliveries",
      scope: reading,
      run: (call) => ofSubscriber(deps, call),
    },
  ];
}

async function report(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const update = await updateIn(deps, call);
  const notice = await noticeOf(deps, call, update);
  const [chunks, email, sms] = await Promise.all([
    deps.ledger.listChunks(call.page.id, update.id),
    deps.access.getRate("email"),
    deps.access.getRate("sms"),
  ]);
  const rates: SendRates = { email: email.perSecond, sms: sms.perSecond, webhook: null };
  const pauses: Pauses = {
    email: pauseOfMail(email, deps) ?? (await pauseOfSome(deps, update, "email", chunks)),
    sms: pauseIn(sms) ?? (await pauseOfSome(deps, update, "sms", chunks)),
    webhook: null,
  };
  return { status: 200, body: presentReport(updateReport(notice, chunks, call.now, rates, pauses), call.page) };
}

/** How many open deliveries are read to learn why they are open: a problem of ours holds up many of them. */
const ASKED = 25;

/** Some deliveries of a channel may wait because of us (the quota, or the sandbox) while others do not. */
async function pauseOfSome(
  deps: ManageDeps,
  update: Update,
  channel: Channel,
  chunks: readonly Chunk[],
): Promise<string | null> {
  const open = chunks.filter((chunk) => chunk.channel === channel).flatMap((chunk) => chunk.retrying);
  if (open.length === 0) return null;
  const found = await deliveriesTo(deps, update, open.slice(0, ASKED));
  const waiting = found.filter(({ state }) => state === "retrying").map(({ reason }) => pauseOf(reason));
  return waiting.find((pause) => pause !== null) ?? null;
}

const ROWS = 100;

const problemsSchema = z.object({
  state: optional(oneOf(["failed", "suppressed", "ambiguous", "open"])),
  cursor: optional(z.string()),
});

/**
 * Lists failed, suppressed and ambiguous deliveries, or only one of these states; or `open`: those being sent or
 * waiting for their next attempt.
 */
async function problems(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { query } = call.request;
  const { state, cursor = null } = fieldsIn(problemsSchema, Object.fromEntries(query), "");
  const limit = countIn(query, "limit", ROWS, 1, ROWS);
  const update = await updateIn(deps, call);
  await noticeOf(deps, call, update);
  const listed =
    state === "open"
      ? await openOnes(deps, update, limit, cursor)
      : await underCursor(() => deps.ledger.listProblems(call.page.id, update.id, limit, cursor, state));
  return listReply(deps, listed, call);
}

/** The deliveries that the chunks' claims name as open, by subscriber; the cursor is the last one's id. */
async function openOnes(
  deps: ManageDeps,
  update: Update,
  limit: number,
  cursor: string | null,
): Promise<ListPage<Delivery>> {
  const chunks = await deps.ledger.listChunks(update.pageId, update.id);
  const ids = chunks.flatMap((chunk: Chunk) => chunk.retrying).filter((id) => cursor === null || id > cursor);
  const asked = ids.sort().slice(0, limit);
  const found = await deliveriesTo(deps, update, asked);
  const byId = new Map(found.map((delivery) => [delivery.subscriberId, delivery]));
  return {
    // Some may have ended since the chunks were read.
    items: asked.flatMap((id) => byId.get(id) ?? []).filter((delivery) => isOpen(delivery.state)),
    next: ids.length > limit ? (asked.at(-1) ?? null) : null,
  };
}

async function ofSubscriber(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { query } = call.request;
  const limit = countIn(query, "limit", ROWS, 1, ROWS);
  const subscriberId = param(call, "subscriber");
  const listed = await underCursor(() =>
    deps.ledger.listSubscriberDeliveries(call.page.id, subscriberId, limit, query.get("cursor")),
  );
  // Deliveries to somebody who was erased since are still on record, until they expire.
  if (listed.items.length === 0 && (await deps.subscribers.find(call.page.id, subscriberId)) === null) {
    throw notFound("subscriber");
  }
  return listReply(deps, listed, call);
}

async function listReply(deps: ManageDeps, listed: ListPage<Delivery>, { page }: ManageCall): Promise<ManageReply> {
  const catalog = await deps.status.getCatalog(page.id);
  const deliveries = listed.items.map((delivery) => presentDelivery(delivery, page, catalog));
  return { status: 200, body: { deliveries, next_cursor: listed.next } };
}

/** Throws 422 for a cursor that this list never gave out. */
async function underCursor<T>(list: () => Promise<T>): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof InvalidCursorError) throw invalid("cursor", "is not one of this list");
    throw error;
  }
}

async function updateIn(deps: ManageDeps, call: ManageCall): Promise<Update> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const updates = await deps.status.listUpdates(call.page.id, incident.id);
  const update = updates.find(({ id }) => id === param(call, "update"));
  if (update === undefined) throw notFound("update");
  return update;
}

async function notifyingUpdate(deps: ManageDeps, call: ManageCall): Promise<Update> {
  const update = await updateIn(deps, call);
  await noticeOf(deps, call, update);
  return update;
}

/** Throws 404 for an update that notified nobody, and for one whose records have expired. */
async function noticeOf(deps: ManageDeps, call: ManageCall, update: Update): Promise<UpdateNotice> {
  const notice = await deps.ledger.getNotice(call.page.id, update.id);
  if (notice?.kind === "update") return notice;
  throw new HttpProblem(
    404,
    update.deliverNotifications
      ? "The delivery records of this update have expired: they are kept for 90 days"
      : "This update was posted without notifying subscribers, so there is nothing to report",
  );
}
