import { type AttemptOutcome, logged } from "./attempt.ts";
import type { Delivery } from "./delivery.ts";
import { type OwnReason, otherReason, type Reason } from "./reason.ts";
import { endlessDelay, OVERDUE_MS, retryDelay } from "./retry-schedule.ts";
import { HELD_RECHECK_MS, PROBE_EVERY_MS, pausedBy } from "./sender-problem.ts";

/** Why a delivery failed when no answer ever came back, twice. */
export const OUTCOME_UNKNOWN_TWICE = "outcome unknown twice" as const satisfies OwnReason;

/** How soon to try again when the refusal had nothing to do with the recipient. */
const THROTTLED_DELAY_MS = 30_000;
const QUOTA_DELAY_MS = 15 * 60_000;

/**
 * What becomes of a delivery after an attempt (already counted in `attempts`).
 * `jitter` is uniform in [0, 1). An ambiguous SMS is never sent again; an email once; a webhook carries an id that
 * lets its receiver drop the double, so it keeps to the schedule.
 */
export function settle(delivery: Delivery, outcome: AttemptOutcome, now: number, jitter: number): Delivery {
  const { exchange } = outcome;
  const base: Delivery = {
    ...delivery,
    updatedAt: now,
    leaseUntil: null,
    nextAttemptAt: null,
    reason: null,
    ...(exchange === undefined ? {} : { exchanges: logged(delivery.exchanges, exchange) }),
  };
  switch (outcome.outcome) {
    case "accepted":
      return { ...base, state: "accepted", providerId: outcome.providerId };
    case "rejected":
    case "gone":
      return { ...base, state: "failed", reason: otherReason(outcome.reason) };
    case "unavailable":
      return retryOrFail(base, otherReason(outcome.reason), now, jitter, outcome.retryAfterMs);
    case "throttled":
      return heldBack(base, "throttled", now + THROTTLED_DELAY_MS);
    case "quota exhausted":
      return heldBack(base, pausedBy("daily quota used up"), now + QUOTA_DELAY_MS);
    case "sender problem":
      return settleOurs(base, outcome, now);
    case "refused":
      return settleUnclear(base, outcome.reason, now, jitter);
    case "unknown":
      return settleUnknown(
        { ...base, unknownOutcomes: base.unknownOutcomes + 1 },
        otherReason(outcome.reason),
        now,
        jitter,
      );
  }
}

/** Not the recipient's failure, so no attempt: the schedule goes on from where it was. */
function heldBack(delivery: Delivery, reason: Reason, until: number): Delivery {
  return { ...delivery, state: "retrying", reason, nextAttemptAt: until, attempts: delivery.attempts - 1 };
}

/**
 * A problem that others do not have may last for ever (an address that the sandbox never lets through), so it has an
 * end.
 */
function settleOurs(
  delivery: Delivery,
  { reason, reach }: Extract<AttemptOutcome, { outcome: "sender problem" }>,
  now: number,
): Delivery {
  if (reach === "everybody") return heldBack(delivery, pausedBy(reason), now + PROBE_EVERY_MS);
  const until = now + HELD_RECHECK_MS;
  return isTooOld(delivery, until)
    ? { ...delivery, state: "failed", reason }
    : heldBack(delivery, pausedBy(reason), until);
}

/** It may be our fault. Until an update is too old to be of use, its schedule gets slow but does not end. */
function settleUnclear(delivery: Delivery, reason: string, now: number, jitter: number): Delivery {
  const nextAttemptAt = now + endlessDelay(delivery.channel, delivery.attempts, jitter);
  return isTooOld(delivery, nextAttemptAt)
    ? { ...delivery, state: "failed", reason: otherReason(reason) }
    : { ...delivery, state: "retrying", reason: `refused: ${reason}`, nextAttemptAt };
}

/** `delivery` already counts the unknown outcome. */
function settleUnknown(delivery: Delivery, reason: Reason, now: number, jitter: number): Delivery {
  switch (delivery.channel) {
    case "sms":
      return { ...delivery, state: "ambiguous", reason };
    case "email":
      return delivery.unknownOutcomes >= 2
        ? { ...delivery, state: "failed", reason: OUTCOME_UNKNOWN_TWICE }
        : retryOrFail(delivery, reason, now, jitter, null);
    case "webhook":
      return retryOrFail(delivery, reason, now, jitter, null);
  }
}

/** A delivery that was held back for others' sake must come to an end all the same. */
function isOverdue({ committedAt, resent }: Delivery, nextAttemptAt: number): boolean {
  return resent === undefined && nextAttemptAt - committedAt > OVERDUE_MS;
}

/** Like `isOverdue`, but counted from when somebody asked to send it again. */
function isTooOld({ committedAt, resent }: Delivery, nextAttemptAt: number): boolean {
  return nextAttemptAt - (resent?.at ?? committedAt) > OVERDUE_MS;
}

function retryOrFail(
  delivery: Delivery,
  reason: Reason,
  now: number,
  jitter: number,
  retryAfterMs: number | null,
): Delivery {
  const delay = retryDelay(delivery.channel, delivery.attempts, jitter, retryAfterMs);
  return delay === null || isOverdue(delivery, now + delay)
    ? { ...delivery, state: "failed", reason }
    : { ...delivery, state: "retrying", reason, nextAttemptAt: now + delay };
}

/** Whether the delivery failed because its retry schedule ended, and not by a final answer. */
export function isExhausted(settled: Delivery, outcome: AttemptOutcome): boolean {
  return settled.state === "failed" && (outcome.outcome === "unavailable" || outcome.outcome === "unknown");
}
