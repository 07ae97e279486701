import { describe, expect, test } from "vitest";
import type { Incident } from "../../../functions/core/incident.ts";
import {
  componentsJson,
  incidentJson,
  incidentsJson,
  maintenancesJson,
  statusJson,
  summaryJson,
  updateWebhookJson,
} from "../../../functions/templates/statuspage/statuspage-json.ts";
import { SITE, seedIncident } from "../../fixtures/seed-incident.ts";
import { publicPageOf, seedMaintenance, seedSource } from "../../fixtures/template-sources.ts";

const INCIDENT_KEYS = [
  "id",
  "name",
  "status",
  "created_at",
  "updated_at",
  "monitoring_at",
  "resolved_at",
  "impact",
  "shortlink",
  "started_at",
  "page_id",
  "incident_updates",
  "components",
  "reminder_intervals",
];

describe("the public JSON", () => {
  test("the summary of the seed's first update", () => {
    const state = seedIncident(1);
    const summary = summaryJson(publicPageOf(state), [state, seedMaintenance()]);
    expect(Object.keys(summary)).toEqual(["page", "components", "incidents", "scheduled_maintenances", "status"]);
    expect(summary.page).toEqual({
      id: "dracooncloud",
      name: "DRACOON Cloud",
      url: SITE.pageUrl,
      time_zone: "Europe/Berlin",
      updated_at: "2025-07-07T13:10:00.000+02:00",
    });
    expect(summary.status).toEqual({ indicator: "minor", description: "Minor Service Outage" });
    expect(summary.incidents.map(({ id }) => id)).toEqual(["seedincident"]);
    expect(summary.scheduled_maintenances.map(({ id }) => id)).toEqual(["maintenance1"]);
  });

  test("incidents stand by their last change, maintenances by their beginning and last what has begun", () => {
    const state = seedIncident(1);
    const changed = (id: string, updatedAt: number) => ({ ...state, incident: { ...state.incident, id, updatedAt } });
    const maintenance = (id: string, scheduledFor: number, status: "scheduled" | "verifying") => {
      const { incident, ...rest } = seedMaintenance();
      if (incident.schedule === null) throw new Error("a maintenance has a schedule");
      return { ...rest, incident: { ...incident, id, status, schedule: { ...incident.schedule, scheduledFor } } };
    };
    const summary = summaryJson(publicPageOf(state), [
      changed("young", 1),
      changed("old", 3),
      changed("older", 2),
      maintenance("begun", 5, "verifying"),
      maintenance("later", 9, "scheduled"),
      maintenance("sooner", 7, "scheduled"),
    ]);
    expect(summary.incidents.map(({ id }) => id)).toEqual(["old", "older", "young"]);
    expect(summary.scheduled_maintenances.map(({ id }) => id)).toEqual(["sooner", "later", "begun"]);
  });

  test("a group is a row among the components, followed by its children", () => {
    const { components } = componentsJson(publicPageOf(seedIncident(1)));
    expect(components).toHaveLength(18);
    expect(components[0]).toEqual({
      id: "apigroup0000",
      name: "API",
      status: "partial_outage",
      created_at: "2025-01-15T10:00:00.000+01:00",
      updated_at: "2025-01-15T10:00:00.000+01:00",
      position: 1,
      description: null,
      showcase: false,
      start_date: null,
      group_id: null,
      page_id: "dracooncloud",
      group: true,
      only_show_if_degraded: false,
      components: Array.from({ length: 9 }, (_, index) => `apigroup000${index + 1}`),
    });
    expect(components[1]).toEqual({
      id: "apigroup0001",
      name: "API (group 01)",
      status: "partial_outage",
      created_at: "2025-01-15T10:00:00.000+01:00",
      updated_at: "2025-07-07T12:05:00.000+02:00",
      position: 1,
      description: null,
      showcase: true,
      start_date: "2025-01-15",
      group_id: "apigroup0000",
      page_id: "dracooncloud",
      group: false,
      only_show_if_degraded: false,
    });
  });

  test("an incident has Statuspage's fields in Statuspage's order, its updates newest first", () => {
    const state = seedIncident();
    const json = incidentJson(publicPageOf(state), state);
    expect(Object.keys(json)).toEqual(INCIDENT_KEYS);
    expect(json).toMatchObject({
      id: "seedincident",
      name: "Partial Outage of DRACOON",
      status: "postmortem",
      created_at: "2025-07-07T12:05:00.000+02:00",
      monitoring_at: "2025-07-07T12:59:00.000+02:00",
      resolved_at: "2025-07-07T13:10:00.000+02:00",
      updated_at: "2025-09-09T17:01:00.000+02:00",
      started_at: "2025-07-07T12:05:00.000+02:00",
      impact: "minor",
      shortlink: `${SITE.pageUrl}/incidents/seedincident`,
      reminder_intervals: null,
    });
    expect(json.incident_updates.map(({ status }) => status)).toEqual([
      "postmortem",
      "resolved",
      "monitoring",
      "investigating",
    ]);
    expect(json.incident_updates[0]?.affected_components).toBeNull();
    expect(Object.keys(json.incident_updates[3] ?? {})).toEqual([
      "id",
      "status",
      "body",
      "incident_id",
      "created_at",
      "updated_at",
      "display_at",
      "affected_components",
      "deliver_notifications",
      "custom_tweet",
      "tweet_id",
    ]);
    expect(json.incident_updates[3]?.affected_components?.[0]).toEqual({
      code: "apigroup0001",
      name: "API (group 01)",
      old_status: "operational",
      new_status: "partial_outage",
    });
    expect(json.components).toHaveLength(17);
  });

  test("a maintenance has the same fields and its schedule, and is in no list of incidents", () => {
    const state = seedMaintenance();
    const source = publicPageOf(state);
    const json = incidentJson(source, state);
    expect(Object.keys(json)).toEqual([...INCIDENT_KEYS, "scheduled_for", "scheduled_until"]);
    expect(json).toMatchObject({
      status: "scheduled",
      impact: "maintenance",
      scheduled_for: "2025-07-10T22:00:00.000+02:00",
      scheduled_until: "2025-07-11T00:30:00.000+02:00",
    });
    expect(incidentsJson(source, [state]).incidents).toEqual([]);
    expect(maintenancesJson(source, [state]).scheduled_maintenances).toEqual([json]);
  });

  test("a postmortem that was taken back is told of nowhere", () => {
    const state = seedIncident();
    const incident: Incident = { ...state.incident, postmortem: null };
    const json = incidentJson(publicPageOf(state), { ...state, incident });
    expect(json.status).toBe("resolved");
    expect(json.incident_updates[0]?.status).toBe("resolved");
  });

  test("what happens to a component later does not change a resolved incident's record", () => {
    const state = seedIncident();
    const components = state.catalog.components.map((one) => ({ ...one, status: "major_outage" as const }));
    const json = incidentJson({ ...publicPageOf(state), catalog: { ...state.catalog, components } }, state);
    expect(new Set(json.components.map(({ status }) => status))).toEqual(new Set(["operational"]));
  });

  test("on a UTC page times end in Z", () => {
    const state = seedIncident(1);
    const source = publicPageOf({ ...state, page: { ...state.page, timeZone: "UTC" } });
    expect(incidentJson(source, state).created_at).toBe("2025-07-07T10:05:00.000Z");
  });

  test("a page without components goes by its open incidents, and a maintenance only once it has begun", () => {
    const empty = { version: 0, components: [], groups: [] };
    const state = seedIncident(1);
    const source = { ...publicPageOf(state), catalog: empty };
    const major: Incident = { ...state.incident, impact: "major" };
    expect(statusJson(source, []).status.indicator).toBe("none");
    expect(statusJson(source, [{ ...state, incident: major }]).status.indicator).toBe("major");
    const maintenance = seedMaintenance();
    expect(statusJson(source, [maintenance]).status.indicator).toBe("none");
    const begun: Incident = { ...maintenance.incident, status: "in_progress" };
    expect(statusJson(source, [{ ...maintenance, incident: begun }]).status.indicator).toBe("maintenance");
  });
});

describe("the webhook body", () => {
  const generatedAt = Date.parse("2025-07-07T10:59:01Z");

  test("has Statuspage's fields in Statuspage's order", () => {
    const body = updateWebhookJson({ ...seedSource(2), generatedAt }, "https://subscribe.example.com/unsubscribe/t");
    expect(Object.keys(body)).toEqual(["meta", "page", "incident"]);
    expect(body.meta).toEqual({
      unsubscribe: "https://subscribe.example.com/unsubscribe/t",
      documentation: "https://www.standardwebhooks.com",
      generated_at: "2025-07-07T12:59:01.000+02:00",
    });
    expect(body.page).toEqual({
      id: "dracooncloud",
      status_indicator: "none",
      status_description: "All Systems Operational",
    });
    expect(Object.keys(body.incident).join(" ")).toBe(
      "name status created_at updated_at monitoring_at resolved_at impact shortlink started_at postmortem_ignored postmortem_body postmortem_body_last_updated_at postmortem_published_at postmortem_notified_subscribers postmortem_notified_twitter backfilled scheduled_for scheduled_until scheduled_remind_prior scheduled_reminded_at impact_override scheduled_auto_in_progress scheduled_auto_completed id page_id incident_updates components",
    );
    expect(Object.keys(body.incident.incident_updates[0] ?? {}).join(" ")).toBe(
      "status body created_at wants_twitter_update twitter_updated_at updated_at display_at affected_components custom_tweet deliver_notifications id incident_id",
    );
    expect(Object.keys(body.incident.components[0] ?? {}).join(" ")).toBe(
      "status name created_at updated_at position description showcase id page_id group_id",
    );
  });

  test("tells the incident as of its update, however far it has moved on", () => {
    const { incident, catalog } = seedIncident();
    const body = updateWebhookJson({ ...seedSource(1), incident, catalog, generatedAt }, null);
    expect(body.incident).toMatchObject({ status: "investigating", monitoring_at: null, resolved_at: null });
    expect(body.incident.incident_updates.map(({ status }) => status)).toEqual(["investigating"]);
  });

  test("of a postmortem carries its text and times", () => {
    const body = updateWebhookJson({ ...seedSource(4), generatedAt }, null);
    expect(body.incident).toMatchObject({
      status: "postmortem",
      resolved_at: "2025-07-07T13:10:00.000+02:00",
      postmortem_published_at: "2025-09-09T17:01:00.000+02:00",
      postmortem_notified_subscribers: true,
    });
    expect(body.incident.postmortem_body).toContain("What happened");
  });
});
