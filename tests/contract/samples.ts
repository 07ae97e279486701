import { randomBytes } from "node:crypto";
import { type Catalog, type Component, EMPTY_CATALOG } from "../../functions/core/component.ts";
import { newId } from "../../functions/core/ids.ts";
import { NO_BRANDING, type Page } from "../../functions/core/page.ts";
import {
  type IncidentCommit,
  type IncidentInput,
  openIncident,
  type PostingOutcome,
} from "../../functions/core/posting.ts";
import { ALL_UPDATES, type EmailSubscriber } from "../../functions/core/subscriber.ts";

export const NOW = 1_751_882_700_000;

export function anId(): string {
  return newId(randomBytes);
}

export function aPage(overrides: Partial<Page> = {}): Page {
  return {
    id: anId(),
    name: "Acme Cloud",
    locale: "en",
    branding: NO_BRANDING,
    timeZone: "Europe/Berlin",
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    ...overrides,
  };
}

export function aComponent(overrides: Partial<Component> = {}): Component {
  return {
    id: anId(),
    name: "Checkout",
    description: null,
    status: "operational",
    position: 1,
    groupId: null,
    showcase: true,
    onlyShowIfDegraded: false,
    startDate: "2025-01-01",
    createdAt: NOW,
    updatedAt: NOW,
    ...overrides,
  };
}

export function anIncident(pageId: string, overrides: Partial<IncidentInput> = {}): IncidentInput {
  return {
    pageId,
    incidentId: anId(),
    updateId: anId(),
    name: "Payments fail",
    status: "investigating",
    body: "We are looking into it.",
    components: {},
    deliverNotifications: true,
    displayAt: null,
    impactOverride: null,
    schedule: null,
    backfilled: false,
    metadata: {},
    ...overrides,
  };
}

/** The commit that opens the incident. */
export function opening(input: IncidentInput, now: number = NOW, catalog: Catalog = EMPTY_CATALOG): IncidentCommit {
  return ready(openIncident(input, catalog, now));
}

export function ready(outcome: PostingOutcome): IncidentCommit {
  if (outcome.outcome !== "ready") throw new Error(`not ready: ${outcome.outcome}`);
  return outcome.commit;
}

export function aSubscriber(pageId: string, overrides: Partial<EmailSubscriber> = {}): EmailSubscriber {
  const id = overrides.id ?? anId();
  return {
    pageId,
    id,
    channel: "email",
    email: `${id}@example.com`,
    state: "active",
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en",
    pausedAt: null,
    createdAt: NOW,
    updatedAt: NOW,
    confirmedAt: NOW,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
    ...overrides,
  };
}
