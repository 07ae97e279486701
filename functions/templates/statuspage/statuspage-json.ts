import {
  type Catalog,
  type CatalogRow,
  type Component,
  type ComponentGroup,
  catalogRows,
  componentsInOrder,
} from "../../core/component.ts";
import { type Incident, isOver, isUnresolved, publicStatus, type Update } from "../../core/incident.ts";
import type { Page } from "../../core/page.ts";
import { shownUpdates } from "../../core/postmortem.ts";
import { worstStatus } from "../../core/rollup.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import {
  type IncidentWithUpdates,
  incidentUrl,
  inOrderOfTime,
  isMaintenance,
  isRealtime,
  type PublicPage,
  statusOf,
} from "../public-page.ts";
import { type UpdateSource, updatesAsOf } from "../update-source.ts";
import { newestFirst } from "../wording.ts";

// Statuspage's public v2 JSON and its webhook body, field for field and in its order. Timestamps carry the offset of
// the page's zone. Pure: the output depends only on what is given.

/**
 * `summary.json`. Incidents by their last change, newest first, as in all real lists that we looked at; maintenances as
 * in `upcoming.json`.
 */
export function summaryJson(source: PublicPage, unresolved: readonly IncidentWithUpdates[]) {
  const incidents = unresolved.filter(isRealtime).sort((a, b) => b.incident.updatedAt - a.incident.updatedAt);
  const maintenances = inOrderOfTime(unresolved.filter(isMaintenance));
  return {
    page: pageJson(source),
    components: componentRows(source),
    incidents: incidents.map((one) => incidentJson(source, one)),
    scheduled_maintenances: maintenances.map((one) => incidentJson(source, one)),
    status: statusOf(source, unresolved),
  };
}

/** `status.json` */
export function statusJson(source: PublicPage, unresolved: readonly IncidentWithUpdates[]) {
  return { page: pageJson(source), status: statusOf(source, unresolved) };
}

/** `components.json` */
export function componentsJson(source: PublicPage) {
  return { page: pageJson(source), components: componentRows(source) };
}

/** `incidents.json`, `incidents/unresolved.json`: those of the given ones that are no maintenance. */
export function incidentsJson(source: PublicPage, incidents: readonly IncidentWithUpdates[]) {
  return { page: pageJson(source), incidents: incidents.filter(isRealtime).map((one) => incidentJson(source, one)) };
}

/** `scheduled-maintenances.json`, `…/upcoming.json`, `…/active.json`: those of the given ones that are maintenances. */
export function maintenancesJson(source: PublicPage, incidents: readonly IncidentWithUpdates[]) {
  return {
    page: pageJson(source),
    scheduled_maintenances: incidents.filter(isMaintenance).map((one) => incidentJson(source, one)),
  };
}

function pageJson({ page, pageUrl }: PublicPage) {
  return {
    id: page.id,
    name: page.name,
    url: pageUrl,
    time_zone: page.timeZone,
    updated_at: isoInZone(page.updatedAt, page.timeZone),
  };
}

function componentRows(source: PublicPage) {
  return catalogRows(source.catalog).flatMap((row) => rowsOf(source, row));
}

function rowsOf(source: PublicPage, row: CatalogRow) {
  if (row.kind === "component") return [componentJson(source, row.component)];
  return [
    groupJson(source, row.group, row.components),
    ...row.components.map((component) => componentJson(source, component)),
  ];
}

function componentJson({ page }: PublicPage, component: Component) {
  return {
    id: component.id,
    name: component.name,
    status: component.status,
    created_at: isoInZone(component.createdAt, page.timeZone),
    updated_at: isoInZone(component.updatedAt, page.timeZone),
    position: component.position,
    description: component.description,
    showcase: component.showcase,
    start_date: component.startDate,
    group_id: component.groupId,
    page_id: page.id,
    group: false,
    only_show_if_degraded: component.onlyShowIfDegraded,
  };
}

/** A group has no status of its own. Its row shows the worst of its children. */
function groupJson({ page }: PublicPage, group: ComponentGroup, components: readonly Component[]) {
  return {
    id: group.id,
    name: group.name,
    status: worstStatus(components),
    created_at: isoInZone(group.createdAt, page.timeZone),
    updated_at: isoInZone(group.updatedAt, page.timeZone),
    position: group.position,
    description: group.description,
    showcase: false,
    start_date: null,
    group_id: null,
    page_id: page.id,
    group: true,
    only_show_if_degraded: false,
    components: components.map(({ id }) => id),
  };
}

/** One incident or maintenance, as in the lists and in `/incidents/{id}.json`. */
export function incidentJson(source: PublicPage, { incident, updates, leftOut }: IncidentWithUpdates) {
  const at = zoned(source.page);
  const common = {
    id: incident.id,
    name: incident.name,
    status: publicStatus(incident),
    created_at: at(incident.createdAt),
    updated_at: at(incident.updatedAt),
    monitoring_at: at(incident.monitoringAt),
    resolved_at: at(incident.resolvedAt),
    impact: incident.impact,
    shortlink: incidentUrl(source.pageUrl, incident.id),
    started_at: at(incident.startedAt),
    page_id: incident.pageId,
    incident_updates: newestFirst(shownUpdates(incident, updates)).map((update) => updateJson(source.page, update)),
    components: affectedComponents(source.catalog, incident).map((component) => componentJson(source, component)),
    reminder_intervals: null,
    // Tocsin's own: the incident's own JSON has all of them.
    ...(leftOut === undefined ? {} : { incident_updates_left_out: leftOut }),
  };
  if (incident.schedule === null) return common;
  return {
    ...common,
    scheduled_for: at(incident.schedule.scheduledFor),
    scheduled_until: at(incident.schedule.scheduledUntil),
  };
}

/**
 * The incident's components in the order of the page. While it is open they are shown as they are now, afterwards as it
 * left them. So what comes later does not change its record, nor any file of the past.
 */
function affectedComponents(catalog: Catalog, incident: Incident): Component[] {
  const open = isUnresolved(incident);
  return componentsInOrder(catalog).flatMap((component) => {
    const left = incident.affected[component.id];
    if (left === undefined) return [];
    return [open ? component : { ...component, status: left, updatedAt: incident.resolvedAt ?? incident.updatedAt }];
  });
}

function updateJson(page: Page, update: Update) {
  const at = zoned(page);
  return {
    id: update.id,
    status: update.status,
    body: update.body,
    incident_id: update.incidentId,
    created_at: at(update.createdAt),
    updated_at: at(update.updatedAt),
    display_at: at(update.displayAt),
    affected_components: affectedJson(update),
    deliver_notifications: update.deliverNotifications,
    custom_tweet: null,
    tweet_id: null,
  };
}

/** null when there are none, never an empty list. */
function affectedJson({ affectedComponents: affected }: Update) {
  if (affected === null || affected.length === 0) return null;
  return affected.map(({ id, name, oldStatus, newStatus }) => ({
    code: id,
    name,
    old_status: oldStatus,
    new_status: newStatus,
  }));
}

/** `generatedAt` is an instant. */
export type UpdateWebhookSource = UpdateSource & { generatedAt: number };

/** `left_out`: Tocsin's own, only where the body is not whole. */
interface WebhookMeta {
  unsubscribe: string | null;
  documentation: string;
  generated_at: string;
  left_out?: Record<"incident_updates" | "components" | "affected_components" | "descriptions" | "texts", number> & {
    url: string;
  };
}

export type UpdateWebhookJson = ReturnType<typeof updateWebhookJson>;

export const DOCUMENTATION = "https://www.standardwebhooks.com";

/**
 * The webhook body of an update, as of that update: the incident may have moved on since. `unsubscribe` is null on the
 * SNS topic.
 */
export function updateWebhookJson(source: UpdateWebhookSource, unsubscribe: string | null) {
  const { page, catalog, incident, update, updates, site, generatedAt } = source;
  const at = zoned(page);
  const status = statusOf({ page, catalog, pageUrl: site.pageUrl }, [{ incident, updates }]);
  const { postmortem, schedule } = incident;
  const told = updatesAsOf(source);
  const meta: WebhookMeta = { unsubscribe, documentation: DOCUMENTATION, generated_at: at(generatedAt) };
  return {
    meta,
    page: { id: page.id, status_indicator: status.indicator, status_description: status.description },
    incident: {
      name: update.incidentName,
      status: update.status,
      created_at: at(incident.createdAt),
      updated_at: at(update.updatedAt),
      monitoring_at: at(updates.some((one) => one.status === "monitoring") ? incident.monitoringAt : null),
      resolved_at: at(isOver(update) ? incident.resolvedAt : null),
      impact: incident.impact,
      shortlink: incidentUrl(site.pageUrl, incident.id),
      started_at: at(incident.startedAt),
      postmortem_ignored: incident.postmortemIgnored,
      postmortem_body: postmortem?.body ?? null,
      postmortem_body_last_updated_at: at(postmortem?.bodyUpdatedAt ?? null),
      postmortem_published_at: at(postmortem?.publishedAt ?? null),
      postmortem_notified_subscribers: postmortem?.publishedAt != null && postmortem.notifySubscribers,
      postmortem_notified_twitter: false,
      backfilled: incident.backfilled,
      scheduled_for: at(schedule?.scheduledFor ?? null),
      scheduled_until: at(schedule?.scheduledUntil ?? null),
      scheduled_remind_prior: schedule?.remindPrior ?? false,
      scheduled_reminded_at: null,
      impact_override: incident.impactOverride,
      scheduled_auto_in_progress: schedule?.autoInProgress ?? false,
      scheduled_auto_completed: schedule?.autoCompleted ?? false,
      id: incident.id,
      page_id: incident.pageId,
      incident_updates: told.map((one) => ({
        status: one.status,
        body: one.body,
        created_at: at(one.createdAt),
        wants_twitter_update: false,
        twitter_updated_at: null,
        updated_at: at(one.updatedAt),
        display_at: at(one.displayAt),
        affected_components: affectedJson(one),
        custom_tweet: null,
        deliver_notifications: one.deliverNotifications,
        id: one.id,
        incident_id: one.incidentId,
      })),
      components: affectedComponents(catalog, incident).map((component) => webhookComponent(page, component)),
    },
  };
}

/** A component as webhook bodies have it. */
export function webhookComponent(page: Page, component: Component) {
  const at = zoned(page);
  return {
    status: component.status,
    name: component.name,
    created_at: at(component.createdAt),
    updated_at: at(component.updatedAt),
    position: component.position,
    description: component.description,
    showcase: component.showcase,
    id: component.id,
    page_id: page.id,
    group_id: component.groupId,
  };
}

/** Instants as the page shows them; null stays null. */
export function zoned(page: Page) {
  function at(instant: number): string;
  function at(instant: number | null): string | null;
  function at(instant: number | null): string | null {
    return instant === null ? null : isoInZone(instant, page.timeZone);
  }
  return at;
}
