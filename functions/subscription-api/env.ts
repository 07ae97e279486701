import * as z from "zod/mini";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  SUBSCRIBERS_TABLE: z.string(),
  STATUS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  LETTERS_QUEUE_URL: z.url(),
  SMS_LETTERS_QUEUE_URL: z.url(),
  /** Where endpoints are tried out, and what their integrators have sent again. */
  PROBES_QUEUE_URL: z.url(),
  /** Without a trailing slash, as SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
  MAIL_FROM: emailField,
  /** ISO 3166 codes of the countries that SMS may go to, separated by commas; may be empty. */
  SMS_COUNTRIES: z.string(),
  WEBHOOK_TARGETS: z.enum(["public", "any"]),
  /** Where a CAPTCHA's token is checked, and its secret; both empty: none is asked for. */
  CAPTCHA_VERIFY_URL: z.union([z.url(), z.literal("")]),
  CAPTCHA_SECRET: z.string(),
});
