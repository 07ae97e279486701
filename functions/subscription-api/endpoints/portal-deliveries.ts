import { type Delivery, isOpen, isTooOldToResend } from "../../core/delivery.ts";
import { sha256Hex } from "../../core/ids.ts";
import type { UpdateStatus } from "../../core/incident.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { invalid } from "../../lambda/problem.ts";
import { InvalidCursorError } from "../../store/cursor.ts";
import { presentSubject } from "../../subscriptions/subject-view.ts";
import type { Portal } from "./portal-access.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const ROWS = 20;
const INCIDENTS_AT_ONCE = 8;

export interface PortalRow {
  delivery: Delivery;
  /** Null if it belongs to no incident, or to one that is no longer known. */
  incidentName: string | null;
  updateStatus: UpdateStatus | null;
  replayable: boolean;
}

export interface PortalList {
  rows: PortalRow[];
  next: string | null;
}

/**
 * Deliveries to the endpoint since it was registered, newest update first: before that it was perhaps somebody else's.
 * Throws 422 for a cursor of another list.
 */
export async function listDeliveries(deps: WebhookDeps, portal: Portal, cursor: string | null): Promise<PortalList> {
  const { pageId, id } = portal.subscriber;
  try {
    const listed = await deps.ledger.listEndpointDeliveries(pageId, id, ROWS, cursor);
    const own = listed.items.filter((delivery) => isOwn(portal, delivery));
    const next = own.length < listed.items.length ? null : listed.next;
    return { rows: await withNames(deps, portal, own), next };
  } catch (error) {
    if (error instanceof InvalidCursorError) throw invalid("cursor", "is not one of this list");
    throw error;
  }
}

export function isOwn({ subscriber }: Portal, { committedAt }: Delivery): boolean {
  return committedAt >= subscriber.createdAt;
}

async function withNames(deps: WebhookDeps, portal: Portal, deliveries: readonly Delivery[]): Promise<PortalRow[]> {
  const { pageId } = portal.subscriber;
  const ids = new Set(deliveries.flatMap(({ subject }) => (subject.kind === "incident" ? [subject.id] : [])));
  const known = await inParallel([...ids], INCIDENTS_AT_ONCE, async (id) => {
    const [incident, updates] = await Promise.all([
      deps.status.getIncident(pageId, id),
      deps.status.listTellings(pageId, id),
    ]);
    return [id, { name: incident?.name ?? null, updates }] as const;
  });
  const byId = new Map(known);
  return deliveries.map((delivery) => {
    const incident = byId.get(delivery.subject.id);
    const update = incident?.updates.find(({ id }) => id === delivery.updateId);
    return {
      delivery,
      incidentName: incident?.name ?? null,
      updateStatus: update?.status ?? null,
      replayable: isReplayable(delivery, portal.now),
    };
  });
}

/**
 * A new probe replaces an old one; an open delivery is being sent anyway; one that is too old may have no text any
 * more.
 */
export function isReplayable(delivery: Delivery, now: number): boolean {
  return delivery.subject.kind !== "endpoint" && !isOpen(delivery.state) && !isTooOldToResend(delivery, now);
}

export function hasOpen({ rows }: PortalList): boolean {
  return rows.some(({ delivery }) => isOpen(delivery.state));
}

/** Changes with anything that the page shows. */
export function revisionOf({ subscriber }: Portal, { rows }: PortalList): string {
  return sha256Hex(JSON.stringify([subscriber, rows.map(({ delivery }) => delivery)])).slice(0, 16);
}

/** The answers of an endpoint that has not proved whose it is are not shown: they may be a stranger's. */
export function showsAnswers({ subscriber }: Portal): boolean {
  return subscriber.confirmedAt !== null;
}

export function presentRow({ delivery, incidentName, updateStatus, replayable }: PortalRow, portal: Portal) {
  const { timeZone } = portal.page;
  const time = (instant: number | null) => (instant === null ? null : isoInZone(instant, timeZone));
  return {
    ...presentSubject(delivery, portal.catalog),
    incident_name: incidentName,
    update_status: updateStatus,
    state: delivery.state,
    reason: delivery.reason,
    attempts: delivery.attempts,
    committed_at: time(delivery.committedAt),
    updated_at: time(delivery.updatedAt),
    next_attempt_at: time(delivery.nextAttemptAt),
    replayable,
    exchanges: (delivery.exchanges ?? []).map(({ at, ms, status, head }) => ({
      at: time(at),
      duration_ms: ms,
      status,
      response_head: showsAnswers(portal) ? head : null,
    })),
  };
}
