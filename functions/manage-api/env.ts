import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  CONFIRMATION_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  PAGE_URL: z.url(),
  /** Where the links of a confirmation lead. Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  MAIL_FROM: z.email(),
  /** ISO 3166 codes of the countries that SMS may go to, separated by commas. */
  SMS_COUNTRIES: z.string(),
  WEBHOOK_TARGETS: z.enum(["public", "any"]),
});
