import { audienceAsOf, isToBeSent } from "../core/audience.ts";
import type { ChunkProgress } from "../core/chunk.ts";
import { countDeliveries, type Delivery, ENDPOINT_FAILING, isOpen } from "../core/delivery.ts";
import { greatest, least } from "../core/extremes.ts";
import { addTo, type Histogram } from "../core/latency.ts";
import { supersededBy } from "../core/order.ts";
import { otherReason } from "../core/reason.ts";
import { OUTCOME_UNKNOWN_TWICE, settle } from "../core/settle.ts";
import type { EndpointHealth, Subscriber } from "../core/subscriber.ts";
import type { SendDeps } from "./channel-sender.ts";
import type { ChunkRun } from "./chunk-run.ts";
import { endEarlier } from "./end-earlier.ts";
import { patiently } from "./patiently.ts";
import { queueRetry } from "./queue-retry.ts";
import { type Flight, sendPaced } from "./send-paced.ts";
import { whyNot } from "./why-not.ts";

export type WindowOutcome = { outcome: "sent" } | { outcome: "lost" } | { outcome: "later"; until: number };

/** What is to happen to one recipient of the window. */
type Decision =
  | { do: "send"; subscriber: Subscriber; delivery: Delivery; claimed: EndpointHealth | null }
  | { do: "record"; delivery: Delivery };

/**
 * Sends one window: reserves slots, reads its subscribers again, writes into the claim who may be in flight, sends to
 * all at once, records every outcome, closes the window. Ids in the claim's window are in doubt from an earlier
 * attempt.
 */
export async function sendWindow(
  run: ChunkRun,
  ids: readonly string[],
  cursor: string | null,
  deps: SendDeps,
): Promise<WindowOutcome> {
  const { work, claim } = run;
  const inDoubt = ids.filter((id) => claim.window.includes(id));
  const recorded = inDoubt.length === 0 ? [] : await readRecorded(run, inDoubt, deps);
  const recordedIds = new Set(recorded.map(({ subscriberId }) => subscriberId));
  const remaining = ids.filter((id) => !recordedIds.has(id));

  const needsSlots = !run.withdrawn && remaining.length > 0 && !(await areOvertaken(run, remaining, deps));
  const slots = needsSlots
    ? await deps.pace.reserve(remaining.length, run.deadline)
    : ({ outcome: "go", at: () => deps.clock(), probe: null } as const);
  if (slots.outcome === "later") return slots;
  await deps.pace.waitUntil(slots.at(0));

  const present = await deps.subscribers.getMany(work.pageId, work.channel, remaining);
  await run.sender.ready(present);
  const decisions: Decision[] = [];
  for (const id of remaining) {
    decisions.push(await decide(run, id, present.find((subscriber) => subscriber.id === id) ?? null, deps));
  }
  // Somebody has changed their choice since.
  if (!needsSlots && decisions.some((decision) => decision.do === "send")) {
    return { outcome: "later", until: deps.clock() };
  }
  const again = decisions.flatMap((decision) =>
    decision.do === "send" && decision.delivery.unknownOutcomes > 0 ? [decision.delivery.subscriberId] : [],
  );
  const opened = await deps.ledger.openWindow(work, claim.attempt, [...ids], again);
  if (opened.outcome === "lost") return { outcome: "lost" };

  const settled: Delivery[] = [];
  const { sender, deadline } = run;
  const flight: Flight = { sender, deadline, probe: slots.probe, stopped: null };
  const perform = async (decision: Decision, index: number) => {
    if (decision.do === "record") {
      settled.push(decision.delivery);
      return;
    }
    const firstAttemptAt = deps.clock();
    const outcome = await sendPaced(decision.subscriber, slots.at(index), flight, deps);
    settled.push(settle({ ...decision.delivery, firstAttemptAt }, outcome, deps.clock(), deps.jitter()));
    await deps.sender.afterOutcome(decision.subscriber, outcome, decision.claimed);
  };
  // The send that finds out whether a problem is over goes alone.
  const alone = flight.probe === null ? 0 : 1 + decisions.findIndex((decision) => decision.do === "send");
  const sends = [
    ...(await Promise.allSettled(decisions.slice(0, alone).map(perform))),
    ...(await Promise.allSettled(decisions.slice(alone).map((decision, index) => perform(decision, alone + index)))),
  ];
  await patiently(() => deps.ledger.recordDeliveries(settled), claim.leaseUntil, deps);
  // One failure must not put the whole window in doubt: nobody is in flight any more, and every known outcome is
  // recorded.
  for (const send of sends) if (send.status === "rejected") throw send.reason;
  const all = [...recorded, ...settled];
  const close = () => deps.ledger.closeWindow(work, claim.attempt, progressOf(all), cursor);
  const closed = await patiently(close, claim.leaseUntil, deps);
  if (closed.outcome === "lost") return { outcome: "lost" };
  for (const delivery of all) if (isOpen(delivery.state)) await queueRetry(delivery, deps);
  return { outcome: "sent" };
}

/** Whether none of these is to get this update any more: then it takes no slots from the updates that are sent. */
async function areOvertaken(run: ChunkRun, ids: readonly string[], deps: SendDeps): Promise<boolean> {
  if (run.later.length === 0) return false;
  const present = await deps.subscribers.getMany(run.work.pageId, run.work.channel, ids);
  return present.every((subscriber) => supersededBy(subscriber, run.later) !== null);
}

async function readRecorded(run: ChunkRun, ids: readonly string[], deps: SendDeps): Promise<Delivery[]> {
  const { pageId, subject, seq } = run.work;
  return deps.ledger.getDeliveries(pageId, subject, seq, ids);
}

async function decide(run: ChunkRun, id: string, subscriber: Subscriber | null, deps: SendDeps): Promise<Decision> {
  const { claim, told, work } = run;
  const now = deps.clock();
  const doubts = claim.windowAgain.includes(id) ? 2 : claim.window.includes(id) ? 1 : 0;
  const delivery: Delivery = {
    pageId: work.pageId,
    subscriberId: id,
    subject: work.subject,
    updateId: work.updateId,
    seq: work.seq,
    channel: work.channel,
    chunk: work.chunk,
    state: "sending",
    attempts: doubts + 1,
    unknownOutcomes: doubts,
    providerId: null,
    reason: null,
    committedAt: told.createdAt,
    firstAttemptAt: null,
    updatedAt: now,
    nextAttemptAt: null,
    leaseUntil: null,
  };
  const unsent = { ...delivery, attempts: doubts };

  if (doubts > 0 && work.channel === "sms") {
    return { do: "record", delivery: { ...unsent, state: "ambiguous", reason: "interrupted while sending" } };
  }
  if (doubts > 1 && work.channel === "email") {
    return { do: "record", delivery: { ...unsent, state: "failed", reason: OUTCOME_UNKNOWN_TWICE } };
  }
  if (run.withdrawn) {
    return { do: "record", delivery: { ...unsent, state: "suppressed", reason: "withdrawn" } };
  }
  if (subscriber === null || !isToBeSent(told, subscriber, audienceAsOf(told.createdAt))) {
    return { do: "record", delivery: { ...unsent, state: "suppressed", reason: whyNot(subscriber) } };
  }
  const overtakenBy = supersededBy(subscriber, run.later);
  if (overtakenBy !== null) {
    return { do: "record", delivery: { ...unsent, state: "superseded", reason: otherReason(overtakenBy.id) } };
  }
  if (run.openEarlier.has(id)) {
    const waitUntil = await endEarlier(delivery, deps);
    if (waitUntil !== null) {
      const reason = "an earlier update is being sent";
      return { do: "record", delivery: { ...unsent, state: "retrying", reason, nextAttemptAt: waitUntil } };
    }
  }
  const admitted = await deps.sender.admit(subscriber, delivery);
  if (admitted.outcome === "held") {
    const held = { state: "retrying" as const, reason: ENDPOINT_FAILING, nextAttemptAt: admitted.until };
    return { do: "record", delivery: { ...unsent, ...held } };
  }
  return { do: "send", subscriber, delivery, claimed: admitted.claimed };
}

/** What a window adds to its chunk. Latency is counted from the commit to the provider's acceptance. */
function progressOf(deliveries: readonly Delivery[]): ChunkProgress {
  const accepted = deliveries.filter(({ state }) => state === "accepted");
  const histogram = accepted.reduce<Histogram>(
    (sum, delivery) => addTo(sum, delivery.updatedAt - delivery.committedAt),
    {},
  );
  const times = accepted.map(({ updatedAt }) => updatedAt);
  return {
    counts: countDeliveries(deliveries),
    retrying: deliveries.filter(({ state }) => isOpen(state)).map(({ subscriberId }) => subscriberId),
    histogram,
    slowestMs: Math.max(0, greatest(accepted.map((delivery) => delivery.updatedAt - delivery.committedAt)) ?? 0),
    firstAcceptedAt: least(times),
    lastAcceptedAt: greatest(times),
  };
}
