import * as z from "zod/mini";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  /** Its own retries go there: the chunk's FIFO group. */
  EMAIL_QUEUE_URL: z.url(),
  /** Letters that have to wait go back there. */
  LETTERS_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  MAIL_FROM: emailField,
  CONFIGURATION_SET: z.string(),
});
