import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

export const channelSchema = z.enum(["email", "sms", "webhook"]);
export type Channel = z.infer<typeof channelSchema>;
export const CHANNELS: readonly Channel[] = ["email", "sms", "webhook"];

export const subscriberStateSchema = z.enum(["unconfirmed", "active", "quarantined", "unsubscribed"]);
export type SubscriberState = z.infer<typeof subscriberStateSchema>;

/** What a subscriber wants to hear of: the whole page, some components, single incidents. A set: any match is enough. */
export const scopesSchema = z.object({
  page: z.boolean(),
  components: z.array(idSchema),
  incidents: z.array(idSchema),
});
export type Scopes = z.infer<typeof scopesSchema>;

const common = {
  pageId: idSchema,
  id: idSchema,
  state: subscriberStateSchema,
  scopes: scopesSchema,
  locale: z.enum(["en"]),
  createdAt: z.number(),
  updatedAt: z.number(),
  confirmedAt: z.nullable(z.number()),
  quarantinedAt: z.nullable(z.number()),
  unsubscribedAt: z.nullable(z.number()),
  /** SHA-256 of the confirmation token while one is outstanding. */
  confirmTokenHash: z.nullable(z.string()),
};

export const emailSubscriberSchema = z.object({ ...common, channel: z.literal("email"), email: z.string() });
export const smsSubscriberSchema = z.object({
  ...common,
  channel: z.literal("sms"),
  /** E.164, such as +4915112345678. */
  phone: z.string(),
  country: z.string(),
  /** SMS are sent on create, resolve and maintenance begin only, unless this asks for all updates. */
  allUpdates: z.boolean(),
});
export const webhookSubscriberSchema = z.object({
  ...common,
  channel: z.literal("webhook"),
  endpoint: z.string(),
  /** Whom to tell when the endpoint is quarantined. */
  contactEmail: z.nullable(z.string()),
  /** Which derivation of the signing secret is in force; rotation adds one. */
  secretVersion: z.number(),
  /** The last rotation: `id` tells a request that is run again that it did it, `at` how long the secret before still signs. */
  rotation: z.optional(z.object({ id: idSchema, at: z.number() })),
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

/** Case is folded whole: mailboxes that differ by case alone are not seen in practice, doubled subscriptions are. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}
