import * as z from "zod/mini";
import { countries, orNone, tables } from "../lambda/env.ts";
import { emailField } from "../subscriptions/email-address.ts";

export const envSchema = z.object({
  ...tables,
  LETTERS_QUEUE_URL: z.url(),
  SMS_LETTERS_QUEUE_URL: z.url(),
  /** Probes of endpoints go there, and deliveries that their integrators send again. */
  PROBES_QUEUE_URL: z.url(),
  /** Without a trailing slash, like SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
  /** Empty: there is no mail sender yet. */
  MAIL_FROM: orNone(emailField),
  /** The countries that SMS may go to. */
  SMS_COUNTRIES: countries,
  WEBHOOK_TARGETS: z.enum(["public", "any"]),
  /** Where a CAPTCHA's token is checked, and its secret; without them none is required. */
  CAPTCHA_VERIFY_URL: orNone(z.url()),
  CAPTCHA_SECRET: z.string(),
});
