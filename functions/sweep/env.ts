import * as z from "zod/mini";
import { build, tables } from "../lambda/env.ts";

export const envSchema = z.object({
  ...tables,
  EMAIL_QUEUE_URL: z.url(),
  SMS_QUEUE_URL: z.url(),
  WEBHOOK_QUEUE_URL: z.url(),
  WEBHOOK_RETRY_QUEUE_URL: z.url(),
  PLAN_QUEUE_URL: z.url(),
  PUBLISH_QUEUE_URL: z.url(),
  PAGE_BUILD: build,
});
