import { EMPTY_CATALOG } from "../../core/component.ts";
import type { Incident, Update } from "../../core/incident.ts";
import type { Page, Site } from "../../core/page.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { DOCUMENTATION, updateWebhookJson } from "./statuspage-json.ts";

export interface ProbeSource {
  page: Page;
  site: Site;
  now: number;
}

/** What an endpoint has to repeat in its answer. It has no `incident`, so a receiver does not take it for an update. */
export function challengeJson({ page, now }: ProbeSource, echo: string): string {
  return JSON.stringify({
    meta: { unsubscribe: null, documentation: DOCUMENTATION, generated_at: isoInZone(now, page.timeZone) },
    page: { id: page.id },
    challenge: echo,
  });
}

/**
 * An update like any other, so that it tries out all of a receiver. But its incident has no impact and is over as it
 * begins: a receiver that opens something for it closes that too. `test` distinguishes it from a real one.
 */
export function testJson({ page, site, now }: ProbeSource, probeId: string): string {
  const update = testUpdate(page, probeId, now);
  const incident = testIncident(page, probeId, now);
  const source = { page, catalog: EMPTY_CATALOG, incident, update, updates: [update], site, generatedAt: now };
  return JSON.stringify({ ...updateWebhookJson(source, null), test: true });
}

const NAME = "Test of your webhook";
const BODY = "This is a test that was asked for on the webhook's page. Nothing has happened.";

function testUpdate(page: Page, id: string, now: number): Update {
  return {
    pageId: page.id,
    incidentId: id,
    id,
    seq: 1,
    status: "resolved",
    body: BODY,
    affectedComponents: null,
    deliverNotifications: false,
    createdAt: now,
    updatedAt: now,
    displayAt: now,
    opens: true,
    componentIdsSoFar: [],
    impactSoFar: "none",
    incidentName: NAME,
  };
}

function testIncident(page: Page, id: string, now: number): Incident {
  return {
    pageId: page.id,
    id,
    version: 1,
    seq: 1,
    name: NAME,
    status: "resolved",
    impact: "none",
    impactOverride: null,
    affected: {},
    highestImpact: "none",
    createdAt: now,
    updatedAt: now,
    startedAt: now,
    monitoringAt: null,
    resolvedAt: now,
    schedule: null,
    backfilled: false,
    metadata: {},
    postmortem: null,
    postmortemIgnored: false,
    withdrawnAt: null,
  };
}
