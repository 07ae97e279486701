import * as z from "zod/mini";
import { affectedComponentSchema } from "./component.ts";
import { idSchema } from "./ids.ts";
import { componentSubjectSchema, incidentSubjectSchema } from "./subject.ts";

const channelPlanSchema = z.object({ email: z.number(), sms: z.number(), webhook: z.number() });
/** How many chunks each channel has. */
export type ChannelPlan = z.infer<typeof channelPlanSchema>;

/**
 * What became of the topic's publication. waiting: sweep has it tried again. refused: the topic will never take it, or
 * did not for too long.
 */
const topicStateSchema = z.object({
  state: z.enum(["published", "waiting", "refused"]),
  /** Why it waits or was refused. */
  reason: z.nullable(z.string()),
});
export type TopicState = z.infer<typeof topicStateSchema>;

const common = {
  pageId: idSchema,
  /** The update, or the change. */
  updateId: idSchema,
  /** Rises within the subject. */
  seq: z.number(),
  /** unplanned: nothing was queued for certain. planned: every chunk was queued once. done: every chunk has finished. */
  state: z.enum(["unplanned", "planned", "done"]),
  committedAt: z.number(),
  plannedAt: z.nullable(z.number()),
  plan: z.nullable(channelPlanSchema),
  /**
   * How many of the chunks were surely queued, in the order in which the planner queues them, so that the next one goes on
   * from there. Absent while it is none, as it stays for all but large updates.
   */
  queued: z.optional(z.number()),
  /** Absent before it is planned, and from old ones. */
  topic: z.optional(topicStateSchema),
};

const updateNoticeSchema = z.object({ kind: z.literal("update"), subject: incidentSubjectSchema, ...common });
export type UpdateNotice = z.infer<typeof updateNoticeSchema>;

/** A component's status was changed without an incident. */
const changeNoticeSchema = z.object({
  kind: z.literal("component change"),
  subject: componentSubjectSchema,
  ...common,
  change: affectedComponentSchema,
});
export type ChangeNotice = z.infer<typeof changeNoticeSchema>;

/** The outbox: written in the same transaction as what subscribers must hear of. No notice, no notification. */
export const noticeSchema = z.discriminatedUnion("kind", [updateNoticeSchema, changeNoticeSchema]);
export type Notice = z.infer<typeof noticeSchema>;
