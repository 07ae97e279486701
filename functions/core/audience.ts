import type { Update } from "./incident.ts";
import { impactRank } from "./rollup.ts";
import type { Subscriber } from "./subscriber.ts";

/** A subscriber who confirms up to this long after the commit is still sent the update: notice and sign-up raced. */
export const AUDIENCE_GRACE_MS = 5_000;

export function audienceAsOf(committedAt: number): number {
  return committedAt + AUDIENCE_GRACE_MS;
}

/** What decides who is sent an update. */
export type ToldUpdate = { kind?: "update" } & Pick<
  Update,
  "incidentId" | "status" | "opens" | "componentIdsSoFar" | "impactSoFar" | "before" | "deliverNotifications"
>;

/** What decides who is sent a change of a component's status that belongs to no incident. */
export interface ToldChange {
  kind: "component change";
  componentId: string;
}

export type Told = ToldUpdate | ToldChange;

/** An update or a component change, with its place among the others of its incident or component. */
export type Telling = Told & Pick<Update, "id" | "seq" | "createdAt">;

/**
 * The one answer to "is this subscriber to be sent this". It chooses the audience, checks it again right before
 * sending, previews it, and decides which later update supersedes an earlier one.
 */
export function isToBeSent(told: Told, subscriber: Subscriber, asOf: number): boolean {
  if (subscriber.state !== "active" || subscriber.confirmedAt === null || subscriber.confirmedAt > asOf) return false;
  if (subscriber.pausedAt !== null) return false;
  return told.kind === "component change" ? wantsChange(told, subscriber) : wantsUpdate(told, subscriber);
}

/**
 * Statuspage's rule: webhooks only, never email or SMS. The choices of statuses, impact and how much of an incident are
 * about an incident's updates. They do not apply to a component's own change.
 */
function wantsChange({ componentId }: ToldChange, { channel, scopes }: Subscriber): boolean {
  return channel === "webhook" && (scopes.page || scopes.components.includes(componentId));
}

function wantsUpdate(update: ToldUpdate, subscriber: Subscriber): boolean {
  if (!update.deliverNotifications) return false;
  if (!concerns({ ...update, componentIds: update.componentIdsSoFar, impact: update.impactSoFar }, subscriber)) {
    return false;
  }
  if (subscriber.channel === "webhook" && subscriber.statuses?.includes(update.status) === false) return false;
  return subscriber.preferences.updates === "all" || isFirstOrLast(update, subscriber);
}

/** An incident as it stood at some time. */
interface Standing {
  incidentId: string;
  componentIds: readonly string[];
  impact: Update["impactSoFar"];
}

function concerns({ incidentId, componentIds, impact }: Standing, { scopes, preferences }: Subscriber): boolean {
  if (impactRank(impact) < impactRank(preferences.minimumImpact)) return false;
  return (
    scopes.page || scopes.incidents.includes(incidentId) || scopes.components.some((id) => componentIds.includes(id))
  );
}

/**
 * The first update that concerns the subscriber (an incident may grow into their scope), the end, and the beginning of
 * a maintenance.
 */
function isFirstOrLast(update: ToldUpdate, subscriber: Subscriber): boolean {
  const { status, opens, before, incidentId } = update;
  if (opens || status === "resolved" || status === "completed" || status === "in_progress") return true;
  if (before === undefined) return false;
  return before === null || !concerns({ ...before, incidentId }, subscriber);
}
