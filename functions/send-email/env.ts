import * as z from "zod/mini";
import { orNone, tables } from "../lambda/env.ts";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  ...tables,
  /** Its own retries go there: the chunk's FIFO group. */
  EMAIL_QUEUE_URL: z.url(),
  /** Letters that have to wait go back there. */
  LETTERS_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** Empty: there is no mail sender yet. */
  MAIL_FROM: orNone(emailField),
  CONFIGURATION_SET: z.string(),
});
