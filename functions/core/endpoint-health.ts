import type { AttemptOutcome } from "./attempt.ts";
import type { Delivery } from "./delivery.ts";
import type { EndpointHealth } from "./subscriber.ts";

/**
 * An endpoint that has failed twice in a row is tried once in an interval, however many updates wait for it. The first
 * failure may have been an accident. The intervals are the schedule's second and third delay at their shortest, so that
 * a single delivery is never held. They do not grow: an endpoint that has recovered is sent its updates soon.
 */
const FAILING_FROM = 2;
const FIRST_INTERVAL_MS = 4 * 60_000;
const INTERVAL_MS = 24 * 60_000;

/** How long one attempt may keep the others waiting: a little longer than it can take. */
const PROBE_MS = 20_000;
/** Deliveries that began before the failures go first, so that the oldest comes to the end of its schedule. */
const PRECEDENCE_MS = 15_000;
/** SQS may bring a delayed retry a little early. */
const EARLY_MS = 1_000;

export type Admission =
  /** The attempt may be made. `claimed`: the endpoint's health from now on, until the outcome is known. */
  | { outcome: "go"; claimed: EndpointHealth | null }
  /** As `go`, if `claim` can be stored in place of what was read: several may want to try at once. */
  | { outcome: "claim"; claim: EndpointHealth }
  | { outcome: "held"; until: number };

/**
 * Whether an endpoint may be tried now. Somebody who asks to send a delivery again knows something: that opens the gate
 * once.
 */
export function admission(
  health: EndpointHealth | undefined,
  delivery: Pick<Delivery, "committedAt" | "resent">,
  now: number,
): Admission {
  if (health === undefined) return { outcome: "go", claimed: null };
  const { failures, probeUntil, nextAttemptAt, failedAt, since } = health;
  if (failures < FAILING_FROM) return { outcome: "go", claimed: health };
  if (probeUntil !== null && probeUntil > now) return { outcome: "held", until: probeUntil };
  const isOpen = (delivery.resent !== undefined && delivery.resent.at > failedAt) || nextAttemptAt <= now + EARLY_MS;
  if (!isOpen) {
    return { outcome: "held", until: nextAttemptAt + (delivery.committedAt > since ? PRECEDENCE_MS : 0) };
  }
  return { outcome: "claim", claim: { ...health, version: health.version + 1, probeUntil: now + PROBE_MS } };
}

/** The endpoint's health after an attempt; null: it is well. `undefined`: the attempt does not say. */
export function healthAfter(
  claimed: EndpointHealth | null,
  outcome: AttemptOutcome,
  now: number,
): EndpointHealth | null | undefined {
  switch (outcome.outcome) {
    case "accepted":
      return claimed === null ? undefined : null;
    case "unavailable":
    case "unknown": {
      const failures = (claimed?.failures ?? 0) + 1;
      const interval = failures <= FAILING_FROM ? FIRST_INTERVAL_MS : INTERVAL_MS;
      const nextAttemptAt = now + interval;
      const since = claimed?.since ?? now;
      return { version: (claimed?.version ?? 0) + 1, failures, since, failedAt: now, nextAttemptAt, probeUntil: null };
    }
    case "rejected":
    case "gone":
    case "throttled":
    case "quota exhausted":
    case "sender problem":
    case "refused":
      return undefined;
  }
}
