import * as z from "zod/mini";
import type { Catalog, ComponentStatus, ComponentStatuses } from "../../core/component.ts";
import {
  type IncidentStatus,
  impactSchema,
  NAME_LIMIT,
  realtimeStatuses,
  type Schedule,
  scheduledStatuses,
} from "../../core/incident.ts";
import {
  clearable,
  flag,
  idList,
  instant,
  instantOrDate,
  line,
  oneOf,
  optional,
  statusMap,
} from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { prose } from "../prose-field.ts";

/** A quarter of what an item of the table holds: the rest of the header can take most of the remainder. */
const METADATA_LIMIT_BYTES = 100_000;
/**
 * Far deeper than anything in use; JSON of any depth would overflow the stack of the program that writes or reads it.
 */
const METADATA_DEPTH = 32;

const metadata = z
  .record(
    z.string(),
    z.record(z.string(), z.unknown(), "must be an object: metadata is an object of objects"),
    "must be an object of objects",
  )
  .check(
    z.refine((value) => isWithin(value, METADATA_DEPTH), { error: "is nested too deeply", abort: true }),
    z.refine((value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_LIMIT_BYTES, "is too large"),
  );

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1));
}

const fields = {
  body: optional(prose),
  status: optional(oneOf([...realtimeStatuses, ...scheduledStatuses])),
  impact_override: clearable(oneOf(impactSchema.options)),
  metadata: optional(metadata),
  deliver_notifications: optional(flag),
  /** An extension: Statuspage accepts it only when an update is edited afterwards. */
  display_at: optional(instant),
  components: optional(z.union([statusMap, idList], "must be a map from component ids to statuses, or a list of ids")),
  component_ids: optional(idList),
  scheduled_for: optional(instant),
  scheduled_until: optional(instant),
  scheduled_remind_prior: optional(flag),
  scheduled_auto_in_progress: optional(flag),
  scheduled_auto_completed: optional(flag),
  scheduled_auto_transition: optional(flag),
  auto_transition_to_maintenance_state: optional(flag),
  auto_transition_to_operational_state: optional(flag),
  auto_transition_deliver_notifications_at_start: optional(flag),
  auto_transition_deliver_notifications_at_end: optional(flag),
};

export const newIncidentSchema = z.object({
  ...fields,
  name: line(NAME_LIMIT),
  backfilled: optional(flag),
  backfill_date: optional(instantOrDate),
});
export const incidentChangesSchema = z.object({ ...fields, name: optional(line(NAME_LIMIT)) });

export type NewIncident = z.infer<typeof newIncidentSchema>;
export type IncidentChanges = z.infer<typeof incidentChangesSchema>;

/**
 * The times and flags of a maintenance: the given ones, else its present ones. Null for an incident that is none.
 * Throws 422.
 */
export function scheduleOf(input: IncidentChanges, present: Schedule | null): Schedule | null {
  const scheduledFor = input.scheduled_for ?? present?.scheduledFor;
  const scheduledUntil = input.scheduled_until ?? present?.scheduledUntil;
  if (scheduledFor === undefined && scheduledUntil === undefined) return null;
  if (scheduledFor === undefined) throw invalid("incident.scheduled_for", "is required with scheduled_until");
  if (scheduledUntil === undefined) throw invalid("incident.scheduled_until", "is required with scheduled_for");
  if (scheduledUntil <= scheduledFor) throw invalid("incident.scheduled_until", "must be later than scheduled_for");
  const both = input.scheduled_auto_transition;
  return {
    scheduledFor,
    scheduledUntil,
    autoInProgress: input.scheduled_auto_in_progress ?? both ?? present?.autoInProgress ?? false,
    autoCompleted: input.scheduled_auto_completed ?? both ?? present?.autoCompleted ?? false,
    remindPrior: input.scheduled_remind_prior ?? present?.remindPrior ?? false,
    autoMaintenanceState: input.auto_transition_to_maintenance_state ?? present?.autoMaintenanceState ?? false,
    autoOperationalState: input.auto_transition_to_operational_state ?? present?.autoOperationalState ?? false,
    notifyAtStart: input.auto_transition_deliver_notifications_at_start ?? present?.notifyAtStart ?? false,
    notifyAtEnd: input.auto_transition_deliver_notifications_at_end ?? present?.notifyAtEnd ?? false,
  };
}

const REALTIME: readonly string[] = realtimeStatuses;
const SCHEDULED: readonly string[] = scheduledStatuses;

/** Throws 422 if the status belongs to the other kind of incident. */
export function checkStatus(status: IncidentStatus, schedule: Schedule | null): void {
  if (schedule === null && SCHEDULED.includes(status)) {
    throw invalid("incident.scheduled_for", `is required for the status ${status}, as is scheduled_until`);
  }
  if (schedule !== null && REALTIME.includes(status)) {
    throw invalid("incident.status", `must be one of ${SCHEDULED.join(", ")} for a scheduled maintenance`);
  }
}

/** Throws 422 if components are named for a backfilled incident; an empty list is allowed. */
export function checkBackfilled(input: IncidentChanges): void {
  for (const name of ["components", "component_ids"] as const) {
    if (Object.keys(input[name] ?? []).length > 0) {
      throw invalid(`incident.${name}`, "cannot be given for a backfilled incident");
    }
  }
}

/**
 * The statuses that an update sets. A component that is only named (in `component_ids`, or with an empty status) is
 * affected and keeps its status.
 */
export function statusesOf(input: IncidentChanges, catalog: Catalog): ComponentStatuses {
  const present = new Map(catalog.components.map((component) => [component.id, component.status]));
  const listed = Array.isArray(input.components) ? input.components : [];
  const mapped = input.components === undefined || Array.isArray(input.components) ? {} : input.components;
  const statuses = new Map<string, ComponentStatus>();
  // An unknown id is kept with any status: the step that applies the statuses names the unknown ones.
  const keep = (id: string) => statuses.set(id, present.get(id) ?? "operational");
  for (const id of [...(input.component_ids ?? []), ...listed]) keep(id);
  for (const [id, status] of Object.entries(mapped)) {
    if (status === "") keep(id);
    else statuses.set(id, status);
  }
  return Object.fromEntries(statuses);
}
