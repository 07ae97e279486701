import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  /** Where its own retries go: the chunk's FIFO group. */
  SMS_QUEUE_URL: z.url(),
  /** Where SMS go back to that belong to no update and have to wait. */
  SMS_LETTERS_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** Who the SMS is from, where a name is allowed; may be empty. */
  SMS_SENDER_ID: z.string(),
  /** ISO 3166 codes of the countries that SMS may go to, separated by commas. */
  SMS_COUNTRIES: z.string(),
  /** Most that the SMS of a UTC day may cost together, in USD. */
  SMS_DAILY_CEILING: z.string().check(z.regex(/^\d+(\.\d+)?$/, "must be a decimal number of USD")),
  /** Highest price of one segment of an SMS in USD: a decimal number. */
  SMS_MAX_PRICE: z.string().check(z.regex(/^\d+(\.\d+)?$/, "must be a decimal number of USD")),
});
