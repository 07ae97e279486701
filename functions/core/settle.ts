import { type AttemptOutcome, logged } from "./attempt.ts";
import type { Delivery } from "./delivery.ts";
import { OVERDUE_MS, retryDelay } from "./retry-schedule.ts";

/** Why a delivery failed when no answer ever came back, twice. */
export const OUTCOME_UNKNOWN_TWICE = "outcome unknown twice";

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
      return { ...base, state: "failed", reason: outcome.reason };
    case "unavailable":
      return retryOrFail(base, outcome.reason, now, jitter, outcome.retryAfterMs);
    case "throttled":
      return {
        ...base,
        state: "retrying",
        reason: "throttled",
        nextAttemptAt: now + THROTTLED_DELAY_MS,
        attempts: base.attempts - 1,
      };
    case "quota exhausted":
      return {
        ...base,
        state: "retrying",
        reason: "daily quota used up",
        nextAttemptAt: now + QUOTA_DELAY_MS,
        attempts: base.attempts - 1,
      };
    case "unknown":
      return settleUnknown({ ...base, unknownOutcomes: base.unknownOutcomes + 1 }, outcome.reason, now, jitter);
  }
}

/** `delivery` already counts the unknown outcome. */
function settleUnknown(delivery: Delivery, reason: string, now: number, jitter: number): Delivery {
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

function retryOrFail(
  delivery: Delivery,
  reason: string,
  now: number,
  jitter: number,
  retryAfterMs: number | null,
): Delivery {
  const delay = retryDelay(delivery.channel, delivery.attempts, jitter, retryAfterMs);
  return delay === null || isOverdue(delivery, now + delay)
    ? { ...delivery, state: "failed", reason }
    : { ...delivery, state: "retrying", reason, nextAttemptAt: now + delay };
}

/** Whether the delivery failed because its retry schedule came to its end, and not by a final answer. */
export function isExhausted(settled: Delivery, outcome: AttemptOutcome): boolean {
  return settled.state === "failed" && (outcome.outcome === "unavailable" || outcome.outcome === "unknown");
}
