import * as z from "zod/mini";
import { exchangeSchema } from "./attempt.ts";
import { idSchema } from "./ids.ts";
import { type OwnReason, reasonSchema } from "./reason.ts";
import { subjectSchema } from "./subject.ts";
import { channelSchema } from "./subscriber.ts";

/**
 * Where one (subscriber, update) pair stands. Of a component change the same holds as of an update.
 * Final: accepted (the provider took it), failed, suppressed, superseded, ambiguous (SMS only: unknown, never sent again).
 * Open: sending (an attempt is under way), retrying (one is due).
 */
const deliveryStateSchema = z.enum([
  "accepted",
  "failed",
  "suppressed",
  "superseded",
  "ambiguous",
  "sending",
  "retrying",
]);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;
export type OpenState = "sending" | "retrying";

/** Who asked for it to be sent again. */
const resenderSchema = z.enum(["operator", "integrator"]);
export type Resender = z.infer<typeof resenderSchema>;

export const deliverySchema = z.object({
  pageId: idSchema,
  subscriberId: idSchema,
  subject: subjectSchema,
  /** The update, the component's change, or the probe. */
  updateId: idSchema,
  seq: z.number(),
  channel: channelSchema,
  /** The chunk whose counts this delivery is part of. */
  chunk: z.number(),
  state: deliveryStateSchema,
  /** Attempts begun, the running one included. */
  attempts: z.number(),
  /** How many of these ended without a known outcome. */
  unknownOutcomes: z.number(),
  /** What the provider calls it. */
  providerId: z.nullable(z.string()),
  /** Why it failed, was suppressed or is retried; for superseded: the id of the update that superseded it. */
  reason: z.nullable(reasonSchema),
  committedAt: z.number(),
  firstAttemptAt: z.nullable(z.number()),
  updatedAt: z.number(),
  /** When the next attempt is due; null once final. */
  nextAttemptAt: z.nullable(z.number()),
  /** While sending: until when the attempt may run. */
  leaseUntil: z.nullable(z.number()),
  /**
   * Set when an operator asked to send it again: when, and how it had ended before. From then on it is outside the
   * subject's order (it neither waits for other updates nor ends for them). It is counted but not measured.
   */
  resent: z.optional(z.object({ at: z.number(), from: deliveryStateSchema, by: z.optional(resenderSchema) })),
  /** Webhooks only: what the endpoint answered to each attempt, newest last. */
  exchanges: z.optional(z.array(exchangeSchema)),
});
export type Delivery = z.infer<typeof deliverySchema>;

export function isOpen(state: DeliveryState): state is OpenState {
  return state === "sending" || state === "retrying";
}

export const countsSchema = z.object({
  accepted: z.number(),
  failed: z.number(),
  suppressed: z.number(),
  superseded: z.number(),
  ambiguous: z.number(),
  /** Open ones, sending or retrying. */
  open: z.number(),
  /** Deliveries that needed more than one attempt, whatever became of them. */
  retried: z.number(),
});
export type Counts = z.infer<typeof countsSchema>;

export const NO_COUNTS: Counts = {
  accepted: 0,
  failed: 0,
  suppressed: 0,
  superseded: 0,
  ambiguous: 0,
  open: 0,
  retried: 0,
};

/** Why an open delivery is open that somebody asked to send again. */
const RESENT = {
  operator: "sent again by an operator",
  integrator: "sent again by the integrator",
} as const satisfies Record<Resender, OwnReason>;

/** Why a webhook waits because of another one's failure: see core/endpoint-health.ts. */
export const ENDPOINT_FAILING =
  "the endpoint is failing: its next attempt is for all that waits" as const satisfies OwnReason;

/**
 * The texts are kept for 90 days after the commit, and a delivery may be open for a week. A delivery of an older update
 * could outlive its text.
 */
const RESENDABLE_DAYS = 83;
export const TOO_OLD = `This update is more than ${RESENDABLE_DAYS} days old: its text is not kept for long enough to send it again`;

export function isTooOldToResend({ committedAt }: Delivery, now: number): boolean {
  return now - committedAt > RESENDABLE_DAYS * 24 * 60 * 60 * 1_000;
}

/**
 * A delivery that has ended, made due at once for one more attempt. The rest of its retry schedule follows. It is for
 * the operator to weigh the doubts of earlier attempts, so they no longer count. Null while it is open: it is being
 * sent anyway.
 */
export function resend(delivery: Delivery, now: number, by: Resender): Delivery | null {
  if (isOpen(delivery.state)) return null;
  return {
    ...delivery,
    state: "retrying",
    reason: RESENT[by],
    unknownOutcomes: 0,
    updatedAt: now,
    nextAttemptAt: now,
    leaseUntil: null,
    resent: { at: now, from: delivery.state, by },
  };
}

export function countKey(state: DeliveryState): Exclude<keyof Counts, "retried"> {
  return isOpen(state) ? "open" : state;
}

export function sumCounts(all: readonly Counts[]): Counts {
  const sum = { ...NO_COUNTS };
  for (const counts of all) {
    sum.accepted += counts.accepted;
    sum.failed += counts.failed;
    sum.suppressed += counts.suppressed;
    sum.superseded += counts.superseded;
    sum.ambiguous += counts.ambiguous;
    sum.open += counts.open;
    sum.retried += counts.retried;
  }
  return sum;
}

/** Everyone the update concerns: the sum of all states. */
export function audienceOf(counts: Counts): number {
  return counts.accepted + counts.failed + counts.suppressed + counts.superseded + counts.ambiguous + counts.open;
}

export function countDeliveries(deliveries: readonly Pick<Delivery, "state" | "attempts">[]): Counts {
  const counts = { ...NO_COUNTS };
  for (const { state, attempts } of deliveries) {
    counts[countKey(state)] += 1;
    if (attempts > 1) counts.retried += 1;
  }
  return counts;
}
