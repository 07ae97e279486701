import {
  type Catalog,
  type Component,
  type ComponentGroup,
  catalogRows,
  componentsInOrder,
} from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { Page } from "../core/page.ts";
import { worstStatus } from "../core/rollup.ts";
import { isoInZone } from "../core/zoned-time.ts";
import { newestFirst } from "../templates/wording.ts";

/**
 * Statuspage's manage v1 shapes. They include fields of features that Tocsin lacks, with the value that means "none".
 */

const NO_PAGE_FEATURES = {
  page_description: null,
  headline: null,
  branding: "basic",
  subdomain: null,
  domain: null,
  support_url: null,
  hidden_from_search: false,
  allow_page_subscribers: true,
  allow_incident_subscribers: true,
  allow_email_subscribers: true,
  allow_sms_subscribers: true,
  allow_rss_atom_feeds: true,
  allow_webhook_subscribers: true,
  notifications_from_email: null,
  notifications_email_footer: null,
  activity_score: 0,
  twitter_username: null,
  viewers_must_be_team_members: false,
  ip_restrictions: null,
  city: null,
  state: null,
  country: null,
  css_body_background_color: null,
  css_font_color: null,
  css_light_font_color: null,
  css_greens: null,
  css_yellows: null,
  css_oranges: null,
  css_blues: null,
  css_reds: null,
  css_border_color: null,
  css_graph_color: null,
  css_link_color: null,
  css_no_data: null,
  favicon_logo: null,
  transactional_logo: null,
  hero_cover: null,
  email_logo: null,
  twitter_logo: null,
} as const;

export function presentPage(page: Page, pageUrl: string) {
  return {
    ...NO_PAGE_FEATURES,
    id: page.id,
    created_at: isoInZone(page.createdAt, page.timeZone),
    updated_at: isoInZone(page.updatedAt, page.timeZone),
    name: page.name,
    url: pageUrl,
    time_zone: page.timeZone,
    locale: page.locale,
    logo_url: page.branding.logoUrl,
    brand_colour: page.branding.colour,
  };
}

export function presentComponent(component: Component, page: Page) {
  return {
    id: component.id,
    page_id: page.id,
    group_id: component.groupId,
    created_at: isoInZone(component.createdAt, page.timeZone),
    updated_at: isoInZone(component.updatedAt, page.timeZone),
    group: false,
    name: component.name,
    description: component.description,
    position: component.position,
    status: component.status,
    showcase: component.showcase,
    only_show_if_degraded: component.onlyShowIfDegraded,
    automation_email: null,
    start_date: component.startDate,
  };
}

export function presentGroup(group: ComponentGroup, catalog: Catalog, page: Page) {
  return {
    id: group.id,
    page_id: page.id,
    name: group.name,
    description: group.description,
    components: childrenOf(group, catalog).map((component) => component.id),
    position: group.position,
    created_at: isoInZone(group.createdAt, page.timeZone),
    updated_at: isoInZone(group.updatedAt, page.timeZone),
  };
}

/** A group among the components: a row like theirs with the worst status of its children, and their ids. */
export function presentGroupRow(group: ComponentGroup, catalog: Catalog, page: Page) {
  return {
    ...presentGroup(group, catalog, page),
    group_id: null,
    group: true,
    status: worstStatus(childrenOf(group, catalog)),
    showcase: false,
    only_show_if_degraded: false,
    automation_email: null,
    start_date: null,
  };
}

function childrenOf(group: ComponentGroup, catalog: Catalog): Component[] {
  const row = catalogRows(catalog).find((each) => each.kind === "group" && each.group.id === group.id);
  return row?.kind === "group" ? row.components : [];
}

export function presentUpdate(update: Update, page: Page) {
  return {
    id: update.id,
    incident_id: update.incidentId,
    status: update.status,
    body: update.body,
    affected_components:
      update.affectedComponents?.map(({ id, name, oldStatus, newStatus }) => ({
        code: id,
        name,
        old_status: oldStatus,
        new_status: newStatus,
      })) ?? null,
    deliver_notifications: update.deliverNotifications,
    created_at: isoInZone(update.createdAt, page.timeZone),
    updated_at: isoInZone(update.updatedAt, page.timeZone),
    display_at: isoInZone(update.displayAt, page.timeZone),
    custom_tweet: null,
    tweet_id: null,
    twitter_updated_at: null,
    wants_twitter_update: false,
  };
}

export interface IncidentContext {
  page: Page;
  catalog: Catalog;
  /** No trailing slash. */
  pageUrl: string;
}

/** `updates` are the ones to show, in any order; the result has them newest first, by the time that readers see. */
export function presentIncident(
  incident: Incident,
  updates: readonly Update[],
  { page, catalog, pageUrl }: IncidentContext,
) {
  const time = (instant: number | null) => (instant === null ? null : isoInZone(instant, page.timeZone));
  const { schedule, postmortem } = incident;
  return {
    id: incident.id,
    page_id: page.id,
    name: incident.name,
    status: incident.status,
    impact: incident.impact,
    impact_override: incident.impactOverride,
    created_at: time(incident.createdAt),
    updated_at: time(incident.updatedAt),
    started_at: time(incident.startedAt),
    monitoring_at: time(incident.monitoringAt),
    resolved_at: time(incident.resolvedAt),
    shortlink: `${pageUrl}/incidents/${incident.id}`,
    backfilled: incident.backfilled,
    metadata: incident.metadata,
    reminder_intervals: null,
    scheduled_for: time(schedule?.scheduledFor ?? null),
    scheduled_until: time(schedule?.scheduledUntil ?? null),
    scheduled_remind_prior: schedule?.remindPrior ?? false,
    scheduled_reminded_at: null,
    scheduled_auto_in_progress: schedule?.autoInProgress ?? false,
    scheduled_auto_completed: schedule?.autoCompleted ?? false,
    auto_transition_to_maintenance_state: schedule?.autoMaintenanceState ?? false,
    auto_transition_to_operational_state: schedule?.autoOperationalState ?? false,
    auto_transition_deliver_notifications_at_start: schedule?.notifyAtStart ?? false,
    auto_transition_deliver_notifications_at_end: schedule?.notifyAtEnd ?? false,
    postmortem_body: postmortem?.body ?? null,
    postmortem_body_last_updated_at: time(postmortem?.bodyUpdatedAt ?? null),
    postmortem_ignored: incident.postmortemIgnored,
    postmortem_notified_subscribers: postmortem?.publishedAt != null && postmortem.notifySubscribers,
    postmortem_notified_twitter: false,
    postmortem_published_at: time(postmortem?.publishedAt ?? null),
    components: componentsInOrder(catalog)
      .filter((component) => incident.affected[component.id] !== undefined)
      .map((component) => presentComponent(component, page)),
    incident_updates: newestFirst(updates).map((update) => presentUpdate(update, page)),
    incident_impacts: [],
  };
}

export function presentPostmortem(incident: Incident, page: Page) {
  const time = (instant: number | null | undefined) => (instant == null ? null : isoInZone(instant, page.timeZone));
  const { postmortem } = incident;
  const latest = Math.max(postmortem?.bodyUpdatedAt ?? 0, postmortem?.draftUpdatedAt ?? 0);
  return {
    preview_key: null,
    body: postmortem?.body ?? null,
    body_updated_at: time(postmortem?.bodyUpdatedAt),
    body_draft: postmortem?.draft ?? null,
    body_draft_updated_at: time(postmortem?.draftUpdatedAt),
    published_at: time(postmortem?.publishedAt),
    notify_subscribers: postmortem?.notifySubscribers ?? false,
    notify_twitter: false,
    custom_tweet: null,
    created_at: time(postmortem?.draftUpdatedAt ?? postmortem?.bodyUpdatedAt),
    updated_at: time(latest === 0 ? null : latest),
  };
}
