import * as z from "zod/mini";

export const envSchema = z.object({
  SUBSCRIBERS_TABLE: z.string(),
  STATUS_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  /** Without a trailing slash. */
  PAGE_URL: z.url(),
});
