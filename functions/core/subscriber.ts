import * as z from "zod/mini";
import { idSchema } from "./ids.ts";
import { impactSchema, updateStatusSchema } from "./incident.ts";
import { localeSchema } from "./locale.ts";

export const channelSchema = z.enum(["email", "sms", "webhook"]);
export type Channel = z.infer<typeof channelSchema>;
export const CHANNELS: readonly Channel[] = ["email", "sms", "webhook"];

export const subscriberStateSchema = z.enum(["unconfirmed", "active", "quarantined", "unsubscribed"]);
export type SubscriberState = z.infer<typeof subscriberStateSchema>;

/** Why nothing is sent to an address any more. */
export const quarantineReasonSchema = z.enum(["bounce", "complaint", "endpoint failing"]);
export type QuarantineReason = z.infer<typeof quarantineReasonSchema>;

/**
 * Why an address is not to be written to, even after its subscriber is gone: its holder said so, or it bounced or
 * complained before it was erased.
 */
export const blockReasonSchema = z.enum(["not asked for", "bounce", "complaint"]);
export type BlockReason = z.infer<typeof blockReasonSchema>;

/** What a subscriber wants to hear of: the whole page, some components, single incidents. A set: any match is enough. */
export const scopesSchema = z.object({
  page: z.boolean(),
  components: z.array(idSchema),
  incidents: z.array(idSchema),
});
export type Scopes = z.infer<typeof scopesSchema>;

/** Days on which mail to an address bounced for a passing reason, one after the other. See core/feedback.ts. */
const transientBouncesSchema = z.object({ days: z.number(), since: z.number(), lastAt: z.number() });
export type TransientBounces = z.infer<typeof transientBouncesSchema>;

/** Which updates about what is in scope somebody wants to get. */
export const preferencesSchema = z.object({
  /** `first and last`: how an incident begins (for them) and how it ends, and that a maintenance begins. */
  updates: z.enum(["all", "first and last"]),
  /**
   * Incidents of at least this impact, by the highest that they have had so far; `none`: all. A maintenance counts as
   * less than minor.
   */
  minimumImpact: impactSchema,
});
export type Preferences = z.infer<typeof preferencesSchema>;

export const ALL_UPDATES: Preferences = { updates: "all", minimumImpact: "none" };
/** What an SMS is worth, unless its receiver asks for more. */
export const FIRST_AND_LAST: Preferences = { updates: "first and last", minimumImpact: "none" };

const common = {
  pageId: idSchema,
  id: idSchema,
  state: subscriberStateSchema,
  scopes: scopesSchema,
  preferences: preferencesSchema,
  locale: localeSchema,
  /** Since when the subscriber wants to get nothing, for now; null: they get updates. */
  pausedAt: z.nullable(z.number()),
  createdAt: z.number(),
  updatedAt: z.number(),
  confirmedAt: z.nullable(z.number()),
  quarantinedAt: z.nullable(z.number()),
  /** Stays after they leave: somebody who complained and left has complained. */
  quarantineReason: z.optional(quarantineReasonSchema),
  unsubscribedAt: z.nullable(z.number()),
  /** SHA-256 of the confirmation token while one is outstanding. */
  confirmTokenHash: z.nullable(z.string()),
};

const emailSubscriberSchema = z.object({
  ...common,
  channel: z.literal("email"),
  email: z.string(),
  transientBounces: z.optional(transientBouncesSchema),
});
const smsSubscriberSchema = z.object({
  ...common,
  channel: z.literal("sms"),
  /** E.164, such as +4915112345678. */
  phone: z.string(),
  country: z.string(),
});

/** Whose body an endpoint gets: Statuspage's, or that of a chat's incoming webhook. */
export const webhookFormatSchema = z.enum(["statuspage", "slack", "discord", "teams"]);
export type WebhookFormat = z.infer<typeof webhookFormatSchema>;
export const WEBHOOK_FORMATS: readonly WebhookFormat[] = webhookFormatSchema.options;

/** The formats that people read. */
export const CHAT_FORMATS = ["slack", "discord", "teams"] as const satisfies readonly WebhookFormat[];
export type ChatFormat = (typeof CHAT_FORMATS)[number];

/** What is known of an endpoint that did not accept its last attempt. Gone once it accepts one. */
const endpointHealthSchema = z.object({
  /** Rises with every write; the condition of the next one. */
  version: z.number(),
  /** Failed attempts in a row, counted once for each time that the gate below was open. */
  failures: z.number(),
  /** When the first and the last of them ended. */
  since: z.number(),
  failedAt: z.number(),
  /** The gate: no attempt is made before, whatever waits. */
  nextAttemptAt: z.number(),
  /** While an attempt is under way: how long the others wait for its outcome. */
  probeUntil: z.nullable(z.number()),
});
export type EndpointHealth = z.infer<typeof endpointHealthSchema>;

const webhookSubscriberSchema = z.object({
  ...common,
  channel: z.literal("webhook"),
  endpoint: z.string(),
  format: webhookFormatSchema,
  /** Only updates of these statuses; null: of all. */
  statuses: z.nullable(z.array(updateStatusSchema)),
  /**
   * It proved whose it is, so it has one of its host's places for as long as it is active. Only the store sets and
   * takes this, together with the host's count.
   */
  holdsPlace: z.optional(z.literal(true)),
  /** Whom we write to when the endpoint goes into quarantine. */
  contactEmail: z.nullable(z.string()),
  /** When the contact used a link that was mailed to them, or an operator vouched for them. Until then they are nobody's contact: see core/permit.ts. */
  contactProvenAt: z.optional(z.number()),
  /** Which derivation of the signing secret is in force; rotation adds one. */
  secretVersion: z.number(),
  /**
   * The last rotation. By `id` a request that runs again knows that it did it; `at` says how long the secret before
   * still signs.
   */
  rotation: z.optional(z.object({ id: idSchema, at: z.number() })),
  health: z.optional(endpointHealthSchema),
});
export const subscriberSchema = z.discriminatedUnion("channel", [
  emailSubscriberSchema,
  smsSubscriberSchema,
  webhookSubscriberSchema,
]);
export type EmailSubscriber = z.infer<typeof emailSubscriberSchema>;
export type SmsSubscriber = z.infer<typeof smsSubscriberSchema>;
export type WebhookSubscriber = z.infer<typeof webhookSubscriberSchema>;
export type Subscriber = z.infer<typeof subscriberSchema>;
export type SubscriberOn<C extends Channel> = Subscriber & { channel: C };

export function isOn<C extends Channel>(subscriber: Subscriber, channel: C): subscriber is SubscriberOn<C> {
  return subscriber.channel === channel;
}

/** Throws for a subscriber of another channel: what a sender is to send to somebody it cannot reach is nothing to pass over. */
export function mustBeOn<C extends Channel>(subscriber: Subscriber, channel: C): SubscriberOn<C> {
  if (isOn(subscriber, channel)) return subscriber;
  throw new Error(`subscriber ${subscriber.id} is one of ${subscriber.channel}, not of ${channel}`);
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const PURGE_AFTER_MS = 90 * DAY_MS;

/** How long an endpoint that never proved whose it is stays: its last challenge is posted within the first hour. */
export const UNPROVEN_DAYS = 1;

export type PurgeSubject = Pick<Subscriber, "channel" | "state" | "confirmedAt" | "quarantinedAt" | "updatedAt">;

/**
 * When a subscriber is removed; null: never. One who has not been reached, or has not confirmed, goes after 90 days
 * (Statuspage's rule for quarantine, and how long it keeps confirmation links). Anybody can register an endpoint, so
 * one that never proved whose it is goes when its proof is over. Any change of an unconfirmed one begins the time anew,
 * above all a new confirmation.
 */
export function purgeAtOf({ channel, state, confirmedAt, quarantinedAt, updatedAt }: PurgeSubject): number | null {
  switch (state) {
    case "unconfirmed":
      return updatedAt + (channel === "webhook" && confirmedAt === null ? UNPROVEN_DAYS * DAY_MS : PURGE_AFTER_MS);
    case "quarantined":
      return (quarantinedAt ?? updatedAt) + PURGE_AFTER_MS;
    case "active":
    case "unsubscribed":
      return null;
  }
}

/**
 * What is known against an address whose subscriber is in quarantine or has left. It must outlive them: that it
 * bounced, which a confirmation undoes, or that its holder complained, which no sign-up undoes.
 */
export function lastingReason({ state, quarantineReason }: Subscriber): BlockReason | null {
  if (state !== "quarantined" && state !== "unsubscribed") return null;
  return quarantineReason === "bounce" || quarantineReason === "complaint" ? quarantineReason : null;
}

/** An address on a page's channel, in the form that `addressOf` gives it. */
export interface Address<C extends Channel = Channel> {
  pageId: string;
  channel: C;
  address: string;
}

/** What makes a subscriber unique on a page and channel. */
export function addressOf(subscriber: Subscriber): string {
  switch (subscriber.channel) {
    case "email":
      return normalizeEmail(subscriber.email);
    case "sms":
      return subscriber.phone;
    case "webhook":
      return subscriber.endpoint;
  }
}

/**
 * Case is folded everywhere. Mailboxes that differ only by case are not seen in practice; doubled subscriptions are.
 */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}
