import * as z from "zod/mini";
import { countries, orNone, tables, usd } from "../lambda/env.ts";

export const envSchema = z.object({
  ...tables,
  /** Its own retries go there: the chunk's FIFO group. */
  SMS_QUEUE_URL: z.url(),
  /** SMS that belong to no update and have to wait go back there. */
  SMS_LETTERS_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** The name that the SMS is from, where a name is allowed. */
  SMS_SENDER_ID: orNone(z.string()),
  /** The countries that SMS may go to. */
  SMS_COUNTRIES: countries,
  /** The most that the SMS of a UTC day may cost together, in USD. */
  SMS_DAILY_CEILING: usd,
  /** The highest price of one segment of an SMS in USD. */
  SMS_MAX_PRICE: usd,
});
