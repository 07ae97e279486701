import * as z from "zod/mini";
import { CONFIRM_TOKEN_LIFE_MS } from "./confirm-token.ts";
import { sameDigest } from "./ids.ts";
import { updateStatusSchema } from "./incident.ts";
import { localeSchema } from "./locale.ts";
import {
  type EmailSubscriber,
  lastingReason,
  preferencesSchema,
  type SmsSubscriber,
  type Subscriber,
  scopesSchema,
  UNPROVEN_DAYS,
  type WebhookSubscriber,
  webhookFormatSchema,
} from "./subscriber.ts";

/**
 * What somebody asked for in the name of an address. It stands beside the subscriber and changes nothing of them until
 * the holder of the address confirms it.
 */
export const invitationSchema = z.object({
  /** What confirms it: SHA-256, hex, of a link's secret, or the MAC of an SMS's code. */
  hash: z.string(),
  /**
   * SHA-256, hex, of the token of the form that a code belongs to. Somebody who did not ask for the code cannot use up
   * its tries.
   */
  form: z.optional(z.string()),
  /** When it was asked for. */
  at: z.number(),
  scopes: scopesSchema,
  preferences: preferencesSchema,
  locale: localeSchema,
  /**
   * What an endpoint is to become that was registered before and is not active. Only the one who registers it knows
   * this.
   */
  registration: z.optional(
    z.object({
      contactEmail: z.string(),
      format: webhookFormatSchema,
      statuses: z.nullable(z.array(updateStatusSchema)),
      /** A version of its own, so that the one who registers it learns nobody else's secret. */
      secretVersion: z.number(),
      /** Distinguishes registrations. */
      createdAt: z.number(),
    }),
  ),
});
export type Invitation = z.infer<typeof invitationSchema>;

/**
 * How many stand beside each other, the newest. More than letters go out in a day, so nobody's invitation ends
 * another's while it is fresh.
 */
const KEPT = 5;

/**
 * When it is over. An endpoint's registration holds somebody's address, so it ends when its proof is due, like a new
 * endpoint's.
 */
export function endOf({ at, registration }: Invitation): number {
  return at + (registration === undefined ? CONFIRM_TOKEN_LIFE_MS : UNPROVEN_DAYS * DAY_MS);
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The invitations with one more. The same one, brought again, is there once. */
export function withInvitation(known: readonly Invitation[], invitation: Invitation, now: number): Invitation[] {
  const others = known.filter((other) => other.hash !== invitation.hash && endOf(other) > now);
  return [...others, invitation].sort((a, b) => a.at - b.at).slice(-KEPT);
}

/**
 * The invitation of this hash. Null if it is over, or the subscriber has left, bounced or confirmed since: it works
 * once.
 */
export function openInvitation(
  { state, unsubscribedAt, quarantinedAt, confirmTokenHash }: Subscriber,
  invitations: readonly Invitation[],
  hash: string,
  now: number,
): Invitation | null {
  const found = invitations.find((invitation) => sameDigest(invitation.hash, hash));
  if (found === undefined || state === "active" || found.hash === confirmTokenHash) return null;
  const since = Math.max(unsubscribedAt ?? 0, quarantinedAt ?? 0);
  return found.at < since || endOf(found) < now ? null : found;
}

/** Whether somebody may be invited: nobody who is subscribed, or who complained of our mail. */
export function isInvitable(subscriber: Subscriber): boolean {
  return subscriber.state !== "active" && lastingReason(subscriber) !== "complaint";
}

/**
 * The subscriber with what the invitation asked for. What was known of an address that did not work is forgotten,
 * because now it works.
 */
export function accepted<T extends EmailSubscriber | SmsSubscriber>(read: T, invitation: Invitation, now: number): T {
  const next = { ...read, ...begunAnew(invitation, now) };
  delete next.quarantineReason;
  if ("transientBounces" in next) delete next.transientBounces;
  return next;
}

/**
 * The endpoint as the invitation registers it anew, under its id, once it has proved whose it is. What was known of it
 * before is over, above all its failures and its contact. Null: the invitation is no registration.
 */
export function registeredAnew(read: WebhookSubscriber, invitation: Invitation, now: number): WebhookSubscriber | null {
  const { registration } = invitation;
  if (registration === undefined) return null;
  const { pageId, id, channel, endpoint } = read;
  return { pageId, id, channel, endpoint, ...registration, ...begunAnew(invitation, now) };
}

function begunAnew({ hash, scopes, preferences, locale }: Invitation, now: number) {
  return {
    state: "active" as const,
    scopes,
    preferences,
    locale,
    pausedAt: null,
    updatedAt: now,
    confirmedAt: now,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: hash,
  };
}
