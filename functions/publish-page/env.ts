import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SITE_BUCKET: z.string(),
  /** Without a trailing slash, as SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
  /** ISO 3166 codes of the countries that SMS may go to, separated by commas; empty: no form for SMS. */
  SMS_COUNTRIES: z.string(),
  /** A page to sign up on in place of the page's own forms, or empty. */
  SIGN_UP_PAGE_URL: z.union([z.url(), z.literal("")]),
});
