import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  /** Where its own retries go: the chunk's FIFO group. */
  SMS_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** Highest price of one SMS in USD, as SNS takes it: a decimal number. */
  SMS_MAX_PRICE: z.string().check(z.regex(/^\d+(\.\d+)?$/, "must be a decimal number of USD")),
});
