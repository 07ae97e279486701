import * as z from "zod/mini";
import { countries, orNone, tables, usd } from "../lambda/env.ts";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  ...tables,
  KEYS_TABLE: z.string(),
  LETTERS_QUEUE_URL: z.url(),
  /** Deliveries go there that an operator sends again: the channels' lanes for retries. */
  EMAIL_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  WEBHOOK_RETRY_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  PAGE_URL: z.url(),
  /** The links of a confirmation lead there. Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** Empty: there is no mail sender yet. */
  MAIL_FROM: orNone(emailField),
  /** The countries that SMS may go to. */
  SMS_COUNTRIES: countries,
  /** Highest price of one SMS in USD, as in send-sms: the upper bound of a preview's cost. */
  SMS_MAX_PRICE: usd,
  /** What a UTC day's SMS may cost in USD, as in send-sms: a preview says when that would not be enough. */
  SMS_DAILY_CEILING: usd,
  WEBHOOK_TARGETS: z.enum(["public", "any"]),
});
