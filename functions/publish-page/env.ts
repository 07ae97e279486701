import * as z from "zod/mini";
import { build, countries, orNone } from "../lambda/env.ts";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SITE_BUCKET: z.string(),
  /** Without a trailing slash, like SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
  /** The countries that SMS may go to; with none there is no form for SMS. */
  SMS_COUNTRIES: countries,
  /** A page to sign up on in place of the page's own forms. */
  SIGN_UP_PAGE_URL: orNone(z.url()),
  /** Whether mail has a sender, so that people can sign up by mail. */
  MAIL: z.enum(["on", "off"]),
  PAGE_BUILD: build,
});
