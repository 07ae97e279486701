import type { Update } from "./incident.ts";
import type { Subscriber } from "./subscriber.ts";

/** Subscribers confirmed up to this long after the commit are still told: the notice and the sign-up raced. */
export const AUDIENCE_GRACE_MS = 5_000;

export function audienceAsOf(committedAt: number): number {
  return committedAt + AUDIENCE_GRACE_MS;
}

/**
 * The one answer to "is this subscriber to be sent this update": used to choose the audience, to vet it again right
 * before sending, to preview it, and to decide which later update supersedes an earlier one.
 */
export function isToBeSent(
  update: Pick<Update, "incidentId" | "status" | "opens" | "componentIdsSoFar" | "deliverNotifications">,
  subscriber: Subscriber,
  asOf: number,
): boolean {
  if (!update.deliverNotifications) return false;
  if (subscriber.state !== "active" || subscriber.confirmedAt === null || subscriber.confirmedAt > asOf) return false;
  if (subscriber.channel === "sms" && !subscriber.allUpdates && !isWorthAnSms(update)) return false;
  const { scopes } = subscriber;
  return (
    scopes.page ||
    scopes.incidents.includes(update.incidentId) ||
    scopes.components.some((id) => update.componentIdsSoFar.includes(id))
  );
}

/** SMS tell of the beginning and the end only: of the incident, or of the maintenance. */
function isWorthAnSms(update: Pick<Update, "status" | "opens">): boolean {
  return (
    update.opens || update.status === "resolved" || update.status === "completed" || update.status === "in_progress"
  );
}
