import * as z from "zod/mini";
import { type Delivery, TOO_OLD } from "../../core/delivery.ts";
import { idSchema } from "../../core/ids.ts";
import type { ToldSubject } from "../../core/subject.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { count, fieldsIn, instant, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { resendDelivery } from "../../send-chunk/resend-delivery.ts";
import { type Allowance, countOrRefuse } from "./count-or-refuse.ts";
import type { Portal } from "./portal-access.ts";
import { isOwn, isReplayable } from "./portal-deliveries.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const HOUR_MS = 60 * 60 * 1_000;
const REPLAYS = { most: 600, windowMs: HOUR_MS };
/** What one call queues fits well into the time that it has. */
const MOST_AT_ONCE = 100;
const IN_FLIGHT = 8;
/** The list is read whole for any number. */
const ALL_DELIVERIES = 100_000;
const MOST_HOURS = 90 * 24;

function replaysOf(subscriberId: string): Allowance {
  const refusal = "Too many replays within an hour: try again later";
  return { counter: `replays|${subscriberId}`, limit: REPLAYS, refusal };
}

const oneSchema = z.object({ incident_id: optional(idSchema), component_id: optional(idSchema), sequence: count });
const failedSchema = z.object({ since: optional(instant), hours: optional(count) });

/** Queues one delivery again, outside the order. Throws 404, 409, 422 and 429. */
export async function replayOne(deps: WebhookDeps, portal: Portal, body: unknown): Promise<Delivery> {
  const { incident_id, component_id, sequence } = fieldsIn(oneSchema, body, "");
  const subject = subjectFrom(incident_id, component_id);
  const { pageId, id } = portal.subscriber;
  const [delivery] = await deps.ledger.getDeliveries(pageId, subject, sequence, [id]);
  if (delivery === undefined || !isOwn(portal, delivery)) throw new HttpProblem(404, "There is no such delivery");
  if (delivery.subject.kind === "endpoint") throw new HttpProblem(422, "A test is not replayed: send another one");
  checkReceiving(portal);
  await countOrRefuse(deps, replaysOf(id), portal.now);
  const resent = await resendDelivery(deps, delivery, "integrator");
  if (resent.outcome === "queued") return resent.delivery;
  if (resent.outcome === "too old") throw new HttpProblem(409, TOO_OLD);
  throw new HttpProblem(409, "This delivery is open: it is being sent, or waits for its next attempt");
}

function subjectFrom(incidentId: string | undefined, componentId: string | undefined): ToldSubject {
  if (incidentId !== undefined && componentId === undefined) return { kind: "incident", id: incidentId };
  if (componentId !== undefined && incidentId === undefined) return { kind: "component", id: componentId };
  throw invalid("incident_id", "or component_id must be given, and not both");
}

export interface Replayed {
  queued: number;
  alreadyOpen: number;
  /** Failed too; the next call takes them. */
  left: number;
}

/**
 * Queues deliveries that failed since a time (in the last 24 hours, unless the request says otherwise), oldest first,
 * as many as one call may.
 */
export async function replayFailed(deps: WebhookDeps, portal: Portal, body: unknown): Promise<Replayed> {
  const { since, hours } = fieldsIn(failedSchema, body, "");
  if (since !== undefined && hours !== undefined) throw invalid("hours", "cannot be given together with since");
  if (hours !== undefined && (hours < 1 || hours > MOST_HOURS)) throw invalid("hours", `must be 1 to ${MOST_HOURS}`);
  checkReceiving(portal);
  const from = since ?? portal.now - (hours ?? 24) * HOUR_MS;
  const { pageId, id } = portal.subscriber;
  const { items } = await deps.ledger.listSubscriberDeliveries(pageId, id, ALL_DELIVERIES, null);
  const failed = items.filter(
    (one) => isOwn(portal, one) && isReplayable(one, portal.now) && isLost(one) && one.updatedAt >= from,
  );
  const due = failed.sort((a, b) => a.committedAt - b.committedAt).slice(0, MOST_AT_ONCE);
  if (due.length > 0) await countOrRefuse(deps, replaysOf(id), portal.now, due.length);
  const outcomes = await inParallel(due, IN_FLIGHT, (delivery) => resendDelivery(deps, delivery, "integrator"));
  const queued = outcomes.filter(({ outcome }) => outcome === "queued").length;
  return { queued, alreadyOpen: due.length - queued, left: failed.length - due.length };
}

/**
 * Includes deliveries that were not even tried because the endpoint was in quarantine: to its integrator these failed
 * too.
 */
function isLost({ state, reason }: Delivery): boolean {
  return state === "failed" || (state === "suppressed" && reason === "quarantined");
}

/** A replay to an endpoint that gets nothing would end as suppressed. */
function checkReceiving({ subscriber }: Portal): void {
  if (subscriber.state !== "active") throw new HttpProblem(409, "The endpoint is not active: nothing is sent to it");
  if (subscriber.pausedAt !== null) throw new HttpProblem(409, "The endpoint is paused: resume it first");
}
