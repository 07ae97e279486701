import { type Delivery, TOO_OLD } from "../../core/delivery.ts";
import type { Update } from "../../core/incident.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { resendDelivery } from "../../send-chunk/resend-delivery.ts";
import { type ManageCall, type ManageDeps, type ManageReply, notFound, param } from "../call.ts";
import { presentDelivery } from "./delivery-view.ts";

/** 202 with the delivery as it is now; 409 while it is open. */
export async function resendOne(deps: ManageDeps, call: ManageCall, update: Update): Promise<ManageReply> {
  const subscriberId = param(call, "subscriber");
  const [delivery] = await deliveriesTo(deps, update, [subscriberId]);
  if (delivery === undefined) throw notFound("delivery");
  const resent = await resendDelivery(deps, delivery, "operator");
  if (resent.outcome === "too old") throw new HttpProblem(409, TOO_OLD);
  if (resent.outcome === "open already") {
    throw new HttpProblem(409, "This delivery is open: it is being sent or recorded, or waits for its next attempt");
  }
  const catalog = await deps.status.getCatalog(call.page.id);
  return { status: 202, body: presentDelivery(resent.delivery, call.page, catalog) };
}

/** The update's deliveries to these subscribers; leaves out missing ones. */
export function deliveriesTo(
  { ledger }: Pick<ManageDeps, "ledger">,
  { pageId, incidentId, seq }: Update,
  subscriberIds: readonly string[],
): Promise<Delivery[]> {
  return ledger.getDeliveries(pageId, { kind: "incident", id: incidentId }, seq, subscriberIds);
}

const PAGE_SIZE = 250;
const CHUNKS_AT_ONCE = 8;
/** HTTP APIs wait 30 seconds; the next call does what is not done by then. */
const TIME_LIMIT_MS = 15_000;

/**
 * Queues all failed deliveries of the update, as many as fit into the time of one call. It is safe to repeat: a queued
 * delivery no longer counts as failed, and if the index lags behind, it only counts as open already.
 */
export async function resendFailed(deps: ManageDeps, call: ManageCall, update: Update): Promise<ManageReply> {
  const deadline = call.now + TIME_LIMIT_MS;
  const counts = { queued: 0, already_open: 0, too_old: 0 };
  let cursor: string | null = null;
  do {
    const listed: { items: Delivery[]; next: string | null } = await deps.ledger.listProblems(
      call.page.id,
      update.id,
      PAGE_SIZE,
      cursor,
      "failed",
    );
    await inChunks(listed.items, async (delivery) => {
      const { outcome } = await resendDelivery(deps, delivery, "operator");
      if (outcome === "queued") counts.queued += 1;
      else if (outcome === "too old") counts.too_old += 1;
      else counts.already_open += 1;
    });
    cursor = listed.next;
  } while (cursor !== null && deps.clock() < deadline);
  return { status: 202, body: { ...counts, complete: cursor === null } };
}

/**
 * Runs one after the other within a chunk, because they all change its counts; some chunks run side by side. Throws
 * once all have ended.
 */
async function inChunks(deliveries: readonly Delivery[], run: (delivery: Delivery) => Promise<void>): Promise<void> {
  const chunks = [...Map.groupBy(deliveries, ({ channel, chunk }) => `${channel}-${chunk}`).values()];
  const lanes = Array.from({ length: CHUNKS_AT_ONCE }, async () => {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      for (const delivery of chunk) await run(delivery);
    }
  });
  for (const lane of await Promise.allSettled(lanes)) if (lane.status === "rejected") throw lane.reason;
}
