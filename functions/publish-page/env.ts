import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SITE_BUCKET: z.string(),
  /** Without a trailing slash, as SUBSCRIPTIONS_URL. */
  PAGE_URL: z.url(),
  SUBSCRIPTIONS_URL: z.url(),
});
