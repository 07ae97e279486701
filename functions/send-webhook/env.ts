import * as z from "zod/mini";
import { tables } from "../lambda/env.ts";

export const envSchema = z.object({
  ...tables,
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
