import * as z from "zod/mini";

export const envSchema = z.object({
  STATUS_TABLE: z.string(),
  SUBSCRIBERS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ACCESS_TABLE: z.string(),
  WEBHOOK_RETRY_QUEUE_URL: z.url(),
  PROBES_QUEUE_URL: z.url(),
  /** The letter about a chat's first post goes there, once that post has arrived. */
  LETTERS_QUEUE_URL: z.url(),
  /** Mails about endpoints in quarantine are rendered there. */
  PLAN_QUEUE_URL: z.url(),
  /** Without a trailing slash. */
  SUBSCRIPTIONS_URL: z.url(),
  /** `any` lifts the rules on addresses, ports and https, for work on one machine. */
  WEBHOOK_TARGETS: z.enum(["public", "any"]),
});
