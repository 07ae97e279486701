import * as z from "zod/mini";
import { orNone, tables } from "../lambda/env.ts";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  ...tables,
  EMAIL_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  WEBHOOK_QUEUE_URL: z.url(),
  /** Rendered mails about endpoints in quarantine go there. */
  LETTERS_QUEUE_URL: z.url(),
  /** Its own queue: mails about them wait there for the hour that gathers them. */
  PLAN_QUEUE_URL: z.url(),
  TOPIC_ARN: z.string(),
  /** Without a trailing slash, like SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
  /** Empty: there is no mail sender yet. */
  MAIL_FROM: orNone(emailField),
});
