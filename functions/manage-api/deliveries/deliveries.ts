import * as z from "zod/mini";
import { type Chunk, isSummed } from "../../core/chunk.ts";
import { type Delivery, isOpen } from "../../core/delivery.ts";
import type { Update } from "../../core/incident.ts";
import type { UpdateNotice } from "../../core/notice.ts";
import { type Pauses, partOf, type ReportPart, type SendRates, updateReport } from "../../core/report.ts";
import { pauseOf } from "../../core/sender-problem.ts";
import { CHANNELS, type Channel } from "../../core/subscriber.ts";
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
  const [channels, email, sms] = await Promise.all([
    Promise.all(CHANNELS.map((channel) => readChannel(deps, notice, channel))),
    deps.access.getRate("email"),
    deps.access.getRate("sms"),
  ]);
  const openOf = (wanted: Channel) => channels.filter(({ channel }) => channel === wanted).flatMap(({ open }) => open);
  const rates: SendRates = { email: email.perSecond, sms: sms.perSecond, webhook: null };
  const pauses: Pauses = {
    email: pauseOfMail(email, deps) ?? (await pauseOfSome(deps, update, openOf("email"))),
    sms: pauseIn(sms) ?? (await pauseOfSome(deps, update, openOf("sms"))),
    webhook: null,
  };
  const parts = channels.flatMap((channel) => channel.parts);
  return { status: 200, body: presentReport(updateReport(notice, parts, call.now, rates, pauses), call.page) };
}

interface ReadChannel {
  channel: Channel;
  parts: ReportPart[];
  /** Subscribers whose deliveries are open; of many chunks those of a few. */
  open: string[];
}

/** Of so many chunks of a large update open deliveries are looked for. */
const CHUNKS_ASKED = 100;

/** However many chunks it has, a bounded number of reads. */
async function readChannel({ ledger }: ManageDeps, notice: UpdateNotice, channel: Channel): Promise<ReadChannel> {
  const { pageId, updateId } = notice;
  if (!isSummed(chunksOf(notice, channel))) {
    const chunks = await ledger.listChunks(pageId, updateId, channel);
    return { channel, parts: chunks.map(partOf), open: chunks.flatMap((chunk) => chunk.retrying) };
  }
  const [parts, asked] = await Promise.all([
    ledger.getSums(pageId, updateId, channel),
    ledger.getChunks(Array.from({ length: CHUNKS_ASKED }, (_, chunk) => ({ pageId, updateId, channel, chunk }))),
  ]);
  return { channel, parts, open: asked.flatMap((chunk) => chunk.retrying) };
}

/** Before it is planned, and once it was planned anew as withdrawn, what was queued of it says how large it is. */
function chunksOf({ plan, queued = 0 }: UpdateNotice, channel: Channel): number {
  return plan?.[channel] || queued;
}

/** How many open deliveries are read to learn why they are open: a problem of ours holds up many of them. */
const ASKED = 25;

/** Some deliveries of a channel may wait because of us (the quota, or the sandbox) while others do not. */
async function pauseOfSome(deps: ManageDeps, update: Update, open: readonly string[]): Promise<string | null> {
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
  const notice = await noticeOf(deps, call, update);
  const listed =
    state === "open"
      ? await openOnes(deps, call, { update, notice }, limit, cursor)
      : await underCursor(() => deps.ledger.listProblems(call.page.id, update.id, limit, cursor, state));
  return listReply(deps, listed, call);
}

const CHUNKS_AT_ONCE = 500;
/** HTTP APIs wait 30 seconds; what is not found by then is for the next page. */
const LOOKS_FOR_MS = 10_000;
const OPEN_CURSOR = /^([a-z]+)\.(\d{1,9})\.([a-z0-9]*)$/;

/**
 * Those that the chunks name as open, chunk by chunk. The cursor is channel, chunk and subscriber of the last. A page may
 * have fewer than asked for, or none, and be followed by another: few chunks of many may have any.
 */
async function openOnes(
  deps: ManageDeps,
  call: ManageCall,
  { update, notice }: { update: Update; notice: UpdateNotice },
  limit: number,
  cursor: string | null,
): Promise<ListPage<Delivery>> {
  const from = cursor === null ? FIRST : openCursor(cursor);
  const found: { id: string; at: string }[] = [];
  for (const channel of CHANNELS.slice(CHANNELS.indexOf(from.channel))) {
    const begin = channel === from.channel ? from.chunk : 0;
    for await (const { chunks, next } of inParts(deps, notice, channel, begin)) {
      for (const { chunk, retrying } of chunks) {
        const isFirst = channel === from.channel && chunk === from.chunk;
        const ids = [...retrying].sort().filter((id) => !isFirst || id > from.id);
        for (const id of ids) found.push({ id, at: `${channel}.${chunk}.${id}` });
      }
      if (found.length > limit) {
        const taken = found.slice(0, limit);
        return { items: await stillOpen(deps, update, taken), next: taken.at(-1)?.at ?? null };
      }
      if (next !== null && deps.clock() > call.now + LOOKS_FOR_MS) {
        return { items: await stillOpen(deps, update, found), next: `${channel}.${next}.` };
      }
    }
  }
  return { items: await stillOpen(deps, update, found), next: null };
}

/** The channel's chunks from that number on, some at a time where there are many; `next` is where to go on. */
async function* inParts(
  { ledger }: ManageDeps,
  notice: UpdateNotice,
  channel: Channel,
  begin: number,
): AsyncGenerator<{ chunks: Chunk[]; next: number | null }> {
  const { pageId, updateId } = notice;
  const of = chunksOf(notice, channel);
  if (!isSummed(of)) {
    const chunks = await ledger.listChunks(pageId, updateId, channel);
    yield { chunks: chunks.filter(({ chunk }) => chunk >= begin), next: null };
    return;
  }
  for (let first = begin; first < of; first += CHUNKS_AT_ONCE) {
    const next = Math.min(of, first + CHUNKS_AT_ONCE);
    const numbers = Array.from({ length: next - first }, (_, index) => first + index);
    const chunks = await ledger.getChunks(numbers.map((chunk) => ({ pageId, updateId, channel, chunk })));
    yield { chunks: chunks.sort((a, b) => a.chunk - b.chunk), next: next < of ? next : null };
  }
}

const FIRST = { channel: "email", chunk: 0, id: "" } as const;

function openCursor(cursor: string): { channel: Channel; chunk: number; id: string } {
  const [, channel, chunk, id = ""] = OPEN_CURSOR.exec(cursor) ?? [];
  const known = CHANNELS.find((one) => one === channel);
  if (known === undefined) throw invalid("cursor", "is not one of this list");
  return { channel: known, chunk: Number(chunk), id };
}

/** Some may have ended since the chunks were read. */
async function stillOpen(deps: ManageDeps, update: Update, named: readonly { id: string }[]): Promise<Delivery[]> {
  const found = await deliveriesTo(
    deps,
    update,
    named.map(({ id }) => id),
  );
  const byId = new Map(found.map((delivery) => [delivery.subscriberId, delivery]));
  return named.flatMap(({ id }) => byId.get(id) ?? []).filter((delivery) => isOpen(delivery.state));
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
