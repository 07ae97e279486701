import { applyStatuses, type Catalog, type ComponentChange, type ComponentStatuses } from "./component.ts";
import type { Impact, Incident, IncidentStatus, Schedule, Update, UpdateStatus } from "./incident.ts";
import type { UpdateNotice } from "./notice.ts";
import { impactOf, worstImpact } from "./rollup.ts";

/** Everything one transaction writes for an incident. */
export interface IncidentCommit {
  incident: Incident;
  /** Version that the stored header must have; null: there must be none. */
  expectedVersion: number | null;
  update: Update | null;
  /** The catalog to store, if statuses changed. Its `version` is the one that the stored catalog must have. */
  catalog: Catalog | null;
  change: ComponentChange | null;
  notice: UpdateNotice | null;
}

export interface UpdateInput {
  updateId: string;
  status: UpdateStatus;
  body: string;
  components: ComponentStatuses;
  deliverNotifications: boolean;
  displayAt: number | null;
}

export interface IncidentInput extends UpdateInput {
  pageId: string;
  incidentId: string;
  name: string;
  status: IncidentStatus;
  impactOverride: Impact | null;
  schedule: Schedule | null;
  backfilled: boolean;
  metadata: Incident["metadata"];
}

export type PostingOutcome =
  | { outcome: "ready"; commit: IncidentCommit }
  | { outcome: "unknown components"; ids: string[] };

/** Opens an incident with its first update. */
export function openIncident(input: IncidentInput, catalog: Catalog, now: number): PostingOutcome {
  const startedAt = input.displayAt ?? now;
  const empty: Incident = {
    pageId: input.pageId,
    id: input.incidentId,
    version: 0,
    seq: 0,
    name: input.name,
    status: input.status,
    impact: "none",
    impactOverride: input.impactOverride,
    affected: {},
    highestImpact: "none",
    told: null,
    createdAt: now,
    updatedAt: now,
    startedAt,
    monitoringAt: null,
    resolvedAt: null,
    schedule: input.schedule,
    backfilled: input.backfilled,
    metadata: input.metadata,
    postmortem: null,
    postmortemIgnored: false,
    withdrawnAt: null,
  };
  const outcome = postUpdate(empty, input, catalog, now);
  return outcome.outcome === "ready" ? { ...outcome, commit: { ...outcome.commit, expectedVersion: null } } : outcome;
}

/** Adds an update to an incident. Backfilled incidents notify nobody and change no component (Statuspage's rule). */
export function postUpdate(incident: Incident, input: UpdateInput, catalog: Catalog, now: number): PostingOutcome {
  const applied = applyStatuses(catalog, incident.backfilled ? {} : input.components, now);
  if (applied.unknown.length > 0) return { outcome: "unknown components", ids: applied.unknown };

  const affected = {
    ...incident.affected,
    ...Object.fromEntries(applied.affected.map((component) => [component.id, component.newStatus])),
  };
  const impact = presentImpact(incident, affected, catalog, input.status);
  const highestImpact = worstImpact([incident.highestImpact, impact]);
  const seq = incident.seq + 1;
  const displayAt = input.displayAt ?? now;
  const deliver = input.deliverNotifications && !incident.backfilled;
  // Nobody has been sent what was changed quietly since the last update.
  const before =
    incident.told === undefined
      ? { componentIds: Object.keys(incident.affected).sort(), impact: incident.highestImpact }
      : incident.told;
  const next: Incident = {
    ...incident,
    version: incident.version + 1,
    seq,
    status: input.status === "postmortem" ? incident.status : input.status,
    impact,
    affected,
    highestImpact,
    told: deliver ? { componentIds: Object.keys(affected).sort(), impact: highestImpact } : before,
    updatedAt: now,
    monitoringAt: input.status === "monitoring" ? (incident.monitoringAt ?? displayAt) : incident.monitoringAt,
    resolvedAt:
      input.status === "resolved" || input.status === "completed"
        ? (incident.resolvedAt ?? displayAt)
        : input.status === "postmortem"
          ? incident.resolvedAt
          : null,
  };
  const update: Update = {
    pageId: incident.pageId,
    incidentId: incident.id,
    id: input.updateId,
    seq,
    status: input.status,
    body: input.body,
    affectedComponents: applied.affected.length > 0 ? applied.affected : null,
    deliverNotifications: deliver,
    createdAt: now,
    updatedAt: now,
    displayAt,
    opens: seq === 1,
    componentIdsSoFar: Object.keys(affected).sort(),
    impactSoFar: highestImpact,
    before,
    incidentName: next.name,
  };
  const changed = applied.changed.length > 0;
  return {
    outcome: "ready",
    commit: {
      incident: next,
      expectedVersion: incident.version,
      update,
      catalog: changed ? applied.catalog : null,
      change: changed ? { pageId: incident.pageId, at: now, incidentId: incident.id, changes: applied.changed } : null,
      notice: deliver ? noticeFor(update, now) : null,
    },
  };
}

/** Changes of the header alone; `undefined` leaves a field as it is. */
export interface Revision {
  name?: string | undefined;
  impactOverride?: Impact | null | undefined;
  schedule?: Schedule | undefined;
  metadata?: Incident["metadata"] | undefined;
}

/**
 * The incident with the changed header and the impact that follows from it. The commit that goes with it raises its
 * version.
 */
export function revise(incident: Incident, revision: Revision, catalog: Catalog): Incident {
  const liftsOverride = revision.impactOverride === null && incident.impactOverride !== null;
  const next: Incident = {
    ...incident,
    impact: liftsOverride ? "none" : incident.impact,
    name: revision.name ?? incident.name,
    impactOverride: revision.impactOverride === undefined ? incident.impactOverride : revision.impactOverride,
    schedule: revision.schedule ?? incident.schedule,
    metadata: revision.metadata ?? incident.metadata,
  };
  const impact = presentImpact(next, next.affected, catalog, next.status);
  return { ...next, impact, highestImpact: worstImpact([next.highestImpact, impact]) };
}

/** Commits a header and statuses of components without saying anything: no update, no notice. */
export function commitQuietly(
  incident: Incident,
  components: ComponentStatuses,
  catalog: Catalog,
  now: number,
): PostingOutcome {
  const applied = applyStatuses(catalog, incident.backfilled ? {} : components, now);
  if (applied.unknown.length > 0) return { outcome: "unknown components", ids: applied.unknown };
  const affected = {
    ...incident.affected,
    ...Object.fromEntries(applied.affected.map((component) => [component.id, component.newStatus])),
  };
  const impact = presentImpact(incident, affected, catalog, incident.status);
  const changed = applied.changed.length > 0;
  return {
    outcome: "ready",
    commit: {
      ...headerCommit(
        { ...incident, affected, impact, highestImpact: worstImpact([incident.highestImpact, impact]) },
        now,
      ),
      catalog: changed ? applied.catalog : null,
      change: changed ? { pageId: incident.pageId, at: now, incidentId: incident.id, changes: applied.changed } : null,
    },
  };
}

/** Hides the incident everywhere. Whatever is still open of its deliveries ends as suppressed: withdrawn. */
export function withdraw(incident: Incident, now: number): IncidentCommit {
  return headerCommit({ ...incident, withdrawnAt: now }, now);
}

/** A commit of nothing but the header, on the condition of the version that `incident` was read with. */
export function headerCommit(incident: Incident, now: number): IncidentCommit {
  return {
    incident: { ...incident, version: incident.version + 1, updatedAt: now },
    expectedVersion: incident.version,
    update: null,
    catalog: null,
    change: null,
    notice: null,
  };
}

/** Corrects an update's text and time of display, and the times of the header that came from it. Notifies nobody. */
export function editUpdate(
  incident: Incident,
  update: Update,
  edit: { body: string | undefined; displayAt: number | undefined },
  now: number,
): { incident: Incident; update: Update } {
  const displayAt = edit.displayAt ?? update.displayAt;
  const follow = <T>(time: T) => (time === update.displayAt ? displayAt : time);
  const { postmortem } = incident;
  const body = edit.body ?? update.body;
  const tellsPostmortem = update.status === "postmortem" && postmortem?.body === update.body;
  return {
    incident: {
      ...incident,
      version: incident.version + 1,
      updatedAt: now,
      startedAt: update.opens ? displayAt : incident.startedAt,
      monitoringAt: update.status === "monitoring" ? follow(incident.monitoringAt) : incident.monitoringAt,
      resolvedAt:
        update.status === "resolved" || update.status === "completed"
          ? follow(incident.resolvedAt)
          : incident.resolvedAt,
      postmortem: tellsPostmortem && postmortem !== null ? { ...postmortem, body, bodyUpdatedAt: now } : postmortem,
    },
    update: { ...update, body, displayAt, updatedAt: now },
  };
}

function noticeFor(update: Update, now: number): UpdateNotice {
  return {
    kind: "update",
    pageId: update.pageId,
    subject: { kind: "incident", id: update.incidentId },
    updateId: update.id,
    seq: update.seq,
    state: "unplanned",
    committedAt: now,
    plannedAt: null,
    plan: null,
  };
}

/** A resolved incident keeps the impact it had: recovery does not make the past harmless. */
function presentImpact(
  incident: Incident,
  affected: Incident["affected"],
  catalog: Catalog,
  status: UpdateStatus,
): Impact {
  if (incident.impactOverride !== null) return incident.impactOverride;
  if (incident.schedule !== null) return "maintenance";
  const present = impactOf(catalog.components, affected);
  const over = status === "resolved" || status === "postmortem";
  return over ? worstImpact([incident.impact, present]) : present === "none" ? incident.impact : present;
}
