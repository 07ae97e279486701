import * as z from "zod/mini";
import { affectedComponentSchema, componentStatusSchema } from "./component.ts";
import { idSchema } from "./ids.ts";

export const realtimeStatuses = ["investigating", "identified", "monitoring", "resolved"] as const;
export const scheduledStatuses = ["scheduled", "in_progress", "verifying", "completed"] as const;
const incidentStatusSchema = z.enum([...realtimeStatuses, ...scheduledStatuses]);
export type IncidentStatus = z.infer<typeof incidentStatusSchema>;

/** `postmortem` is the status of the update that announces one; an incident itself never stores it. */
export const updateStatusSchema = z.enum([...realtimeStatuses, ...scheduledStatuses, "postmortem"]);
export type UpdateStatus = z.infer<typeof updateStatusSchema>;

export const impactSchema = z.enum(["none", "maintenance", "minor", "major", "critical"]);
export type Impact = z.infer<typeof impactSchema>;

/** Limits from Statuspage's published API description. */
export const NAME_LIMIT = 255;
export const BODY_LIMIT = 25_000;

const postmortemSchema = z.object({
  /** What readers see; null until published. Markdown. */
  body: z.nullable(z.string()),
  bodyUpdatedAt: z.nullable(z.number()),
  draft: z.nullable(z.string()),
  draftUpdatedAt: z.nullable(z.number()),
  publishedAt: z.nullable(z.number()),
  notifySubscribers: z.boolean(),
});
export type Postmortem = z.infer<typeof postmortemSchema>;

const scheduleSchema = z.object({
  scheduledFor: z.number(),
  scheduledUntil: z.number(),
  autoInProgress: z.boolean(),
  autoCompleted: z.boolean(),
  remindPrior: z.boolean(),
  /** What else the automatic transitions do: components to under_maintenance and back, and whether each notifies. */
  autoMaintenanceState: z.optional(z.boolean()),
  autoOperationalState: z.optional(z.boolean()),
  notifyAtStart: z.optional(z.boolean()),
  notifyAtEnd: z.optional(z.boolean()),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** How far an incident reached at some time. */
const standingSchema = z.object({ componentIds: z.array(idSchema), impact: impactSchema });

/** The incident's header: everything but its updates. */
export const incidentSchema = z.object({
  pageId: idSchema,
  id: idSchema,
  /** Rises with every write; the condition of the next one. */
  version: z.number(),
  /** Sequence number of the newest update; 1 is the first. */
  seq: z.number(),
  name: z.string(),
  status: incidentStatusSchema,
  impact: impactSchema,
  impactOverride: z.nullable(impactSchema),
  /** Present status of each component this incident has affected so far. Components are never taken out. */
  affected: z.record(z.string(), componentStatusSchema),
  /** The highest impact so far: an audience only grows during an incident. */
  highestImpact: impactSchema,
  /** How it stood as of the last update that was sent to anybody; null: there is none yet. Absent from old ones. */
  told: z.optional(z.nullable(standingSchema)),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** When it began for readers: the first update's display time. */
  startedAt: z.number(),
  monitoringAt: z.nullable(z.number()),
  resolvedAt: z.nullable(z.number()),
  schedule: z.nullable(scheduleSchema),
  backfilled: z.boolean(),
  metadata: z.record(z.string(), z.record(z.string(), z.unknown())),
  postmortem: z.nullable(postmortemSchema),
  postmortemIgnored: z.boolean(),
  /**
   * Set when an operator deleted it. It is hidden everywhere, and whatever is still open ends as suppressed: withdrawn.
   */
  withdrawnAt: z.nullable(z.number()),
});
export type Incident = z.infer<typeof incidentSchema>;

/** One update: what was said and what it did. Only body and displayAt may be edited later, and that notifies nobody. */
export const updateSchema = z.object({
  pageId: idSchema,
  incidentId: idSchema,
  id: idSchema,
  seq: z.number(),
  status: updateStatusSchema,
  body: z.string(),
  /** null when the update touched none (Statuspage: null, never an empty list). */
  affectedComponents: z.nullable(z.array(affectedComponentSchema)),
  deliverNotifications: z.boolean(),
  createdAt: z.number(),
  updatedAt: z.number(),
  displayAt: z.number(),
  /** True for the update that opens the incident. */
  opens: z.boolean(),
  /** The incident's affected components and highest impact as of this update. Its audience is matched against these. */
  componentIdsSoFar: z.array(idSchema),
  impactSoFar: impactSchema,
  /**
   * The same as of the last update that was sent; null: there was none. It shows to whom this update is the first of
   * the incident. Absent from old ones.
   */
  before: z.optional(z.nullable(standingSchema)),
  /** The incident's name as of this update: what its mails say. */
  incidentName: z.string(),
});
export type Update = z.infer<typeof updateSchema>;

/** What decides who is sent an update and in which order: all that a sender needs of it. No edit changes it. */
export const updateTellingSchema = z.pick(updateSchema, {
  id: true,
  incidentId: true,
  seq: true,
  status: true,
  opens: true,
  componentIdsSoFar: true,
  impactSoFar: true,
  before: true,
  deliverNotifications: true,
  createdAt: true,
});
export type UpdateTelling = z.infer<typeof updateTellingSchema>;

export function isScheduled(incident: Pick<Incident, "status" | "schedule">): boolean {
  return incident.schedule !== null;
}

/** Whether an incident is over, now or as of an update. A postmortem is about what is over. */
export function isOver({ status }: { status: UpdateStatus }): boolean {
  return status === "resolved" || status === "completed" || status === "postmortem";
}

export function isUnresolved(incident: Pick<Incident, "status">): boolean {
  return incident.status !== "resolved" && incident.status !== "completed";
}

/** What readers and the public JSON see: `postmortem` once one is published, unless the incident was opened again. */
export function publicStatus(incident: Incident): UpdateStatus {
  return incident.postmortem?.publishedAt != null && !isUnresolved(incident) ? "postmortem" : incident.status;
}
