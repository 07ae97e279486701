import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

const channelPlanSchema = z.object({ email: z.number(), sms: z.number(), webhook: z.number() });
/** How many chunks each channel has. */
export type ChannelPlan = z.infer<typeof channelPlanSchema>;

/** The outbox: written in the transaction that must tell someone. No notice, no notification. */
export const noticeSchema = z.object({
  kind: z.literal("update"),
  pageId: idSchema,
  incidentId: idSchema,
  updateId: idSchema,
  seq: z.number(),
  /** unplanned: nothing was queued for certain. planned: every chunk was queued once. done: every chunk has finished. */
  state: z.enum(["unplanned", "planned", "done"]),
  committedAt: z.number(),
  plannedAt: z.nullable(z.number()),
  plan: z.nullable(channelPlanSchema),
});
export type Notice = z.infer<typeof noticeSchema>;
