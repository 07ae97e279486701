import type { Catalog } from "../core/component.ts";
import { type Impact, type Incident, isUnresolved, type Update } from "../core/incident.ts";
import type { Page } from "../core/page.ts";
import { type PageStatus, pageStatus } from "../core/rollup.ts";

/** How readers sign up. */
export interface SignUp {
  /** Where the forms post to, across hosts. No trailing slash. */
  subscriptionsUrl: string;
  /** False: mail has no sender yet, so there is no form for email. */
  hasMail: boolean;
  /** Countries that SMS may go to; none: no form for SMS. */
  smsCountries: readonly string[];
  /** A page of the deployment's own to sign up on, in place of the forms: a CAPTCHA's script does not run on this one. */
  elsewhere: string | null;
}

/** What everything public about a page is made from, for readers and for programs. */
export interface PublicPage {
  page: Page;
  pageUrl: string;
  catalog: Catalog;
  /** How readers sign up; absent where a page has no forms. */
  signUp?: SignUp;
}

/** An incident with all its updates, in any order. */
export interface IncidentWithUpdates {
  incident: Incident;
  updates: readonly Update[];
  /** How many older ones a list has no room for. */
  leftOut?: number;
}

/** In Statuspage's order of what is planned: by its beginning, and last what has begun. */
export function inOrderOfTime(maintenances: readonly IncidentWithUpdates[]): IncidentWithUpdates[] {
  const begun = ({ incident }: IncidentWithUpdates) => (incident.status === "scheduled" ? 0 : 1);
  const begins = ({ incident }: IncidentWithUpdates) => incident.schedule?.scheduledFor ?? incident.startedAt;
  return maintenances.toSorted((a, b) => begun(a) - begun(b) || begins(a) - begins(b));
}

export function isMaintenance({ incident }: IncidentWithUpdates): boolean {
  return incident.schedule !== null;
}

export function isRealtime(one: IncidentWithUpdates): boolean {
  return !isMaintenance(one);
}

/** The incidents that count for the status of a page without components. A maintenance counts once it has begun. */
export function statusOf({ catalog }: PublicPage, unresolved: readonly IncidentWithUpdates[]): PageStatus {
  return pageStatus(catalog.components, openImpacts(unresolved));
}

/** Of incidents that are not over, and of maintenances that have begun. */
export function openImpacts(unresolved: readonly IncidentWithUpdates[]): Impact[] {
  return unresolved
    .filter(({ incident }) => isUnresolved(incident) && incident.status !== "scheduled")
    .map(({ incident }) => incident.impact);
}

export function incidentUrl(pageUrl: string, incidentId: string): string {
  return `${pageUrl}/incidents/${incidentId}`;
}
