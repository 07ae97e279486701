import { audienceAsOf, isToBeSent, type Telling } from "../core/audience.ts";
import { type Delivery, ENDPOINT_FAILING, isOpen } from "../core/delivery.ts";
import { LEASE_MS } from "../core/lease.ts";
import { hasStarted, supersededBy } from "../core/order.ts";
import type { RetryWork } from "../core/queued-work.ts";
import { otherReason } from "../core/reason.ts";
import { isExhausted, OUTCOME_UNKNOWN_TWICE, settle } from "../core/settle.ts";
import type { Subscriber } from "../core/subscriber.ts";
import { LAST_WINDOW_MS, type SendDeps } from "./channel-sender.ts";
import { endEarlier } from "./end-earlier.ts";
import { patiently } from "./patiently.ts";
import { queueRetry } from "./queue-retry.ts";
import { readSubject } from "./read-subject.ts";
import { sendPaced } from "./send-paced.ts";
import { whyNot } from "./why-not.ts";

export type RetryOutcome =
  | { outcome: "settled"; delivery: Delivery }
  /** It ended without an attempt: suppressed, superseded, or in doubt for good. */
  | { outcome: "ended"; delivery: Delivery }
  /** Not now: it stays in the due index. */
  | { outcome: "postponed" }
  /** A late copy of the work, or somebody else was faster. */
  | { outcome: "stale" };

/** SQS may deliver a delayed retry a little early. */
const EARLY_MS = 1_000;

/** The next attempt of one delivery, under the same order rules as the first. */
export async function runRetry(work: RetryWork, deps: SendDeps): Promise<RetryOutcome> {
  const { pageId, subject, subscriberId } = work;
  const startedAt = deps.clock();
  const [{ told, others, withdrawn }, deliveries, subscriber] = await Promise.all([
    readSubject(work, deps),
    deps.ledger.listSubscriberSubject(pageId, subscriberId, subject),
    deps.subscribers.get(pageId, work.channel, subscriberId),
  ]);
  const delivery = deliveries.find(({ seq }) => seq === work.seq);
  if (delivery === undefined || !isOpen(delivery.state) || delivery.attempts !== work.attempts)
    return { outcome: "stale" };
  if (delivery.state === "sending" && (delivery.leaseUntil ?? 0) > startedAt) return { outcome: "stale" };
  if (delivery.nextAttemptAt !== null && delivery.nextAttemptAt > startedAt + EARLY_MS) return { outcome: "postponed" };

  const found = await deps.ledger.getChunks(
    [told, ...others].filter((other) => other.seq >= work.seq).map((other) => ({ ...work, updateId: other.id })),
  );
  // A chunk of another number of chunks covers another range: see run-chunk.ts.
  const of = found.find(({ seq }) => seq === work.seq)?.of;
  const chunks = found.filter((chunk) => chunk.of === of);
  // The chunk has not counted this record yet: until its window is closed, a change would count twice.
  if (chunks.some((chunk) => chunk.seq === work.seq && chunk.window.includes(subscriberId)))
    return { outcome: "postponed" };

  const interrupted = delivery.state === "sending";
  const known: Delivery = interrupted ? { ...delivery, unknownOutcomes: delivery.unknownOutcomes + 1 } : delivery;
  const later = others
    .filter((other) => other.seq > work.seq)
    .map((other) => ({
      update: other,
      started:
        chunks.some((chunk) => chunk.seq === other.seq && hasStarted(chunk)) ||
        deliveries.some(({ seq }) => seq === other.seq),
    }));
  const end = endWithoutAttempt(known, interrupted, subscriber, told, withdrawn);
  if (end !== null) return finish(delivery, end, deps);
  if (subscriber === null) return { outcome: "stale" };
  // A delivery that an operator sends again goes out whatever else was, or is being, said about the incident.
  if (known.resent === undefined) {
    const overtakenBy = supersededBy(subscriber, later);
    if (overtakenBy !== null)
      return finish(delivery, { ...known, state: "superseded", reason: otherReason(overtakenBy.id) }, deps);

    const waitUntil = await endEarlier(known, deps);
    if (waitUntil !== null) {
      await deps.ledger.postponeDue(delivery, waitUntil);
      return { outcome: "postponed" };
    }
  }
  return attempt(work, { stored: delivery, known }, told, startedAt, deps);
}

function endWithoutAttempt(
  delivery: Delivery,
  interrupted: boolean,
  subscriber: Subscriber | null,
  told: Telling,
  withdrawn: boolean,
): Delivery | null {
  if (interrupted && delivery.channel === "sms") {
    return { ...delivery, state: "ambiguous", reason: "interrupted while sending" };
  }
  if (delivery.channel === "email" && delivery.unknownOutcomes >= 2) {
    return { ...delivery, state: "failed", reason: OUTCOME_UNKNOWN_TWICE };
  }
  if (withdrawn) return { ...delivery, state: "suppressed", reason: "withdrawn" };
  if (subscriber === null || !isToBeSent(told, subscriber, confirmedBy(told, delivery))) {
    return { ...delivery, state: "suppressed", reason: whyNot(subscriber) };
  }
  return null;
}

/**
 * The subscriber of a resent delivery was in the audience, or there would be no record. They may have confirmed once
 * more since, as an endpoint does that comes out of quarantine: that changes nothing.
 */
function confirmedBy({ createdAt }: Telling, { resent }: Delivery): number {
  return resent === undefined ? audienceAsOf(createdAt) : Number.POSITIVE_INFINITY;
}

async function finish(from: Delivery, to: Delivery, deps: SendDeps): Promise<RetryOutcome> {
  const ended: Delivery = { ...to, updatedAt: deps.clock(), nextAttemptAt: null, leaseUntil: null };
  const changed = await deps.ledger.changeDelivery(from, ended, null);
  return changed.outcome === "lost" ? { outcome: "stale" } : { outcome: "ended", delivery: ended };
}

/** This is not its own failure, and no attempt: its schedule goes on from where it was. */
async function hold(from: Delivery, known: Delivery, until: number, deps: SendDeps): Promise<RetryOutcome> {
  const held: Delivery = {
    ...known,
    state: "retrying",
    reason: ENDPOINT_FAILING,
    updatedAt: deps.clock(),
    nextAttemptAt: until,
    leaseUntil: null,
  };
  const changed = await deps.ledger.changeDelivery(from, held, null);
  if (changed.outcome === "lost") return { outcome: "stale" };
  await queueRetry(held, deps);
  return { outcome: "postponed" };
}

/** A delivery as it is stored, and with what else is known of it: that an attempt was cut off. */
interface Retried {
  stored: Delivery;
  known: Delivery;
}

async function attempt(
  work: RetryWork,
  { stored: from, known }: Retried,
  told: Telling,
  startedAt: number,
  deps: SendDeps,
): Promise<RetryOutcome> {
  const sender = await deps.sender.prepare(work);
  const deadline = startedAt + LAST_WINDOW_MS;
  const slots = await deps.pace.reserve(1, deadline);
  if (slots.outcome === "later") {
    await deps.ledger.postponeDue(from, slots.until);
    return { outcome: "postponed" };
  }
  // The wait for the slot may have been long.
  await deps.pace.waitUntil(slots.at(0));
  const subscriber = await deps.subscribers.get(from.pageId, from.channel, from.subscriberId);
  if (subscriber === null || !isToBeSent(told, subscriber, confirmedBy(told, known))) {
    return finish(from, { ...known, state: "suppressed", reason: whyNot(subscriber) }, deps);
  }
  await sender.ready([subscriber]);
  const admitted = await deps.sender.admit(subscriber, known);
  if (admitted.outcome === "held") return hold(from, known, admitted.until, deps);
  const now = deps.clock();
  const sending: Delivery = {
    ...known,
    state: "sending",
    attempts: known.attempts + 1,
    firstAttemptAt: known.firstAttemptAt ?? now,
    updatedAt: now,
    nextAttemptAt: null,
    leaseUntil: startedAt + LEASE_MS,
  };
  const claimed = await deps.ledger.changeDelivery(from, sending, null);
  if (claimed.outcome === "lost") return { outcome: "stale" };

  const flight = { sender, deadline, probe: slots.probe, stopped: null };
  const outcome = await sendPaced(subscriber, slots.at(0), flight, deps);
  const settled = settle(sending, outcome, deps.clock(), deps.jitter());
  if (isExhausted(settled, outcome)) await deps.sender.onExhausted(subscriber, settled);
  const latency = settled.state === "accepted" ? settled.updatedAt - settled.committedAt : null;
  const record = () => deps.ledger.changeDelivery(sending, settled, latency);
  const changed = await patiently(record, startedAt + LEASE_MS, deps);
  if (changed.outcome === "lost") return { outcome: "stale" };
  await deps.sender.afterOutcome(subscriber, outcome, admitted.claimed);
  if (isOpen(settled.state)) await queueRetry(settled, deps);
  return { outcome: "settled", delivery: settled };
}
