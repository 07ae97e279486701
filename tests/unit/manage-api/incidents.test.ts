import { describe, expect, test } from "vitest";
import { COMMIT_ATTEMPTS } from "../../../functions/manage-api/save-with-retry.ts";
import { idOf, idsOf, incidentAnswer, manageWorld, PAGE } from "./manage-world.ts";

describe("an incident from beginning to end", () => {
  test("created, updated, resolved", async () => {
    const world = await manageWorld();
    const [api, web] = [await world.component("API (group 01)"), await world.component("Web App")];
    const created = await world.post("/incidents", {
      incident: {
        name: "Partial Outage of DRACOON",
        status: "investigating",
        body: "We are investigating.\r\nMore soon.",
        components: { [api]: "major_outage" },
        component_ids: [api, web],
        metadata: { jira: { id: "OPS-1" } },
      },
    });
    const id = idOf(created);
    expect(created).toMatchObject({
      status: 201,
      json: {
        page_id: PAGE.id,
        name: "Partial Outage of DRACOON",
        status: "investigating",
        impact: "major",
        impact_override: null,
        created_at: "2025-07-07T12:05:00.000+02:00",
        started_at: "2025-07-07T12:05:00.000+02:00",
        monitoring_at: null,
        resolved_at: null,
        shortlink: `https://status.example/incidents/${id}`,
        metadata: { jira: { id: "OPS-1" } },
        scheduled_for: null,
        postmortem_body: null,
        components: [
          { id: api, status: "major_outage" },
          { id: web, status: "operational" },
        ],
        incident_updates: [
          {
            incident_id: id,
            status: "investigating",
            body: "We are investigating.\nMore soon.",
            deliver_notifications: true,
            display_at: "2025-07-07T12:05:00.000+02:00",
            affected_components: [
              { code: api, name: "API (group 01)", old_status: "operational", new_status: "major_outage" },
              { code: web, name: "Web App", old_status: "operational", new_status: "operational" },
            ],
          },
        ],
      },
    });
    expect((await world.get(`/incidents/${id}`)).json).toEqual(created.json);

    world.tick(54 * 60_000);
    const monitoring = await world.patch(`/incidents/${id}`, { incident: { status: "monitoring", body: "Fixed?" } });
    expect(monitoring).toMatchObject({
      status: 200,
      json: {
        status: "monitoring",
        monitoring_at: "2025-07-07T12:59:00.000+02:00",
        incident_updates: [{ status: "monitoring", affected_components: null }, { status: "investigating" }],
      },
    });

    world.tick(11 * 60_000);
    const json = { incident: { status: "resolved", body: "Fixed.", components: { [api]: "operational" } } };
    const resolved = await world.send("PUT", `${world.at}/incidents/${id}`, { json });
    expect(resolved).toMatchObject({
      status: 200,
      json: {
        status: "resolved",
        impact: "major",
        resolved_at: "2025-07-07T13:10:00.000+02:00",
        components: [{ status: "operational" }, { status: "operational" }],
      },
    });
    expect([...world.notices.values()].map(({ seq, state }) => [seq, state])).toEqual([
      [1, "unplanned"],
      [2, "unplanned"],
      [3, "unplanned"],
    ]);
    expect(idsOf(await world.get("/incidents/unresolved"))).toEqual([]);
    expect(idsOf(await world.get("/incidents"))).toEqual([id]);
  });

  test("a body alone repeats the status; deliver_notifications: false tells nobody", async () => {
    const world = await manageWorld();
    const id = await world.incident({ status: "identified", deliver_notifications: false });
    const reply = await world.patch(`/incidents/${id}`, { incident: { body: "Still at it." } });
    expect(reply.json).toMatchObject({
      status: "identified",
      incident_updates: [
        { status: "identified", body: "Still at it.", deliver_notifications: true },
        { deliver_notifications: false },
      ],
    });
    expect([...world.notices.values()].map(({ seq }) => seq)).toEqual([2]);
  });

  test("display_at is taken with every update", async () => {
    const world = await manageWorld();
    const id = await world.incident({ display_at: "2025-07-07T10:00:00Z" });
    const change = { status: "resolved", display_at: "2025-07-07 12:30:00 +0200" };
    expect((await world.patch(`/incidents/${id}`, { incident: change })).json).toMatchObject({
      started_at: "2025-07-07T12:00:00.000+02:00",
      resolved_at: "2025-07-07T12:30:00.000+02:00",
      created_at: "2025-07-07T12:05:00.000+02:00",
    });
  });

  test("without body or status the header and components change quietly", async () => {
    const world = await manageWorld();
    const web = await world.component("Web App");
    const id = await world.incident();
    const change = {
      name: "Renamed",
      impact_override: "critical",
      components: { [web]: "partial_outage" },
      body: null,
    };
    expect((await world.patch(`/incidents/${id}`, { incident: change })).json).toMatchObject({
      name: "Renamed",
      impact: "critical",
      impact_override: "critical",
      components: [{ id: web, status: "partial_outage" }],
      incident_updates: [{ status: "investigating" }],
    });
    expect(world.notices.size).toBe(1);
    expect((await world.get(`/components/${web}`)).json).toMatchObject({ status: "partial_outage" });
    expect((await world.patch(`/incidents/${id}`, { incident: { impact_override: null } })).json).toMatchObject({
      impact_override: null,
      impact: "minor",
    });
  });

  test("form-encoded, as scripts with curl do it", async () => {
    const world = await manageWorld();
    const web = await world.component("Web App");
    const form = {
      "incident[name]": "Outage & more",
      "incident[status]": "identified",
      "incident[deliver_notifications]": "false",
      [`incident[components][${web}]`]: "major_outage",
    };
    const reply = await world.send("POST", `${world.at}/incidents.json`, {
      body: new URLSearchParams(form).toString(),
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
    });
    expect(reply).toMatchObject({
      status: 201,
      json: {
        name: "Outage & more",
        components: [{ id: web, status: "major_outage" }],
        incident_updates: [{ deliver_notifications: false }],
      },
    });
  });

  test("backfilled: in the past, resolved, told to nobody, no components", async () => {
    const world = await manageWorld();
    const id = await world.incident({ backfilled: true, backfill_date: "2024-05-31" });
    expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
      status: "resolved",
      backfilled: true,
      started_at: "2024-05-31T14:00:00.000+02:00",
      incident_updates: [{ deliver_notifications: false, affected_components: null }],
    });
    expect(world.notices.size).toBe(0);
    const web = await world.component("Web App");
    const components = { [web]: "major_outage" };
    const reply = await world.post("/incidents", { incident: { name: "x", backfilled: true, components } });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "incident.components" }] } });
  });

  test("a backfilled incident may say that it has no components", async () => {
    const world = await manageWorld();
    const id = await world.incident({ backfilled: true, components: {}, component_ids: [] });
    expect((await world.get(`/incidents/${id}`)).json).toMatchObject({ backfilled: true, components: [] });
  });

  test("deleting withdraws: hidden everywhere, and the records stay", async () => {
    const world = await manageWorld();
    const id = await world.incident();
    const update = (await world.status.listUpdates(PAGE.id, id))[0]?.id;
    world.tick(1_000);
    expect(await world.remove(`/incidents/${id}`)).toMatchObject({ status: 200, json: { id } });
    for (const path of ["", "/postmortem", "/subscribers", `/incident_updates/${update}/deliveries`]) {
      expect((await world.get(`/incidents/${id}${path}`)).status).toBe(404);
    }
    expect((await world.patch(`/incidents/${id}`, { incident: { status: "resolved" } })).status).toBe(404);
    expect((await world.remove(`/incidents/${id}`)).status).toBe(404);
    expect(idsOf(await world.get("/incidents"))).toEqual([]);
    expect(await world.status.getIncident(PAGE.id, id)).toMatchObject({ withdrawnAt: world.deps.clock() });
  });
});

describe("bad input names its field and stores nothing", () => {
  test.each([
    ["incident.name", { name: undefined }],
    ["incident.name", { name: "" }],
    ["incident.name", { name: "x".repeat(256) }],
    ["incident.name", { name: "a\nb" }],
    ["incident.body", { body: "x".repeat(25_001) }],
    ["incident.body", { body: "a\u0007b" }],
    ["incident.status", { status: "postmortem" }],
    ["incident.status", { status: "on fire" }],
    ["incident.impact_override", { impact_override: "huge" }],
    ["incident.metadata", { metadata: "text" }],
    ["incident.metadata.jira", { metadata: { jira: "OPS-1" } }],
    ["incident.metadata", { metadata: { a: { b: "x".repeat(100_000) } } }],
    ["incident.metadata", { metadata: { a: { b: "€".repeat(40_000) } } }],
    ["incident.metadata", { metadata: { a: { b: JSON.parse("[".repeat(50) + "]".repeat(50)) } } }],
    ["incident.components", { components: { nosuchthing0: "major_outage" } }],
    ["incident.components", { components: ["nosuchthing0"] }],
    ["incident.component_ids", { component_ids: ["nosuchthing0"] }],
    ["incident.component_ids", { component_ids: ["a"], backfilled: true }],
    ["incident.components.WEB", { components: { WEB: "broken" } }],
    ["incident.deliver_notifications", { deliver_notifications: "perhaps" }],
    ["incident.display_at", { display_at: "yesterday" }],
    ["incident.display_at", { display_at: "2025-07-07T12:05:00" }],
    ["incident.display_at", { display_at: "2025-02-31T12:05:00Z" }],
    ["incident.display_at", { display_at: "9999-12-31T23:59:59Z" }],
    ["incident.scheduled_for", { status: "scheduled" }],
    ["incident.scheduled_until", { scheduled_for: "2025-08-01T10:00:00Z" }],
    ["incident.scheduled_for", { scheduled_until: "2025-08-01T10:00:00Z" }],
    ["incident.scheduled_until", { scheduled_for: "2025-08-01T10:00:00Z", scheduled_until: "2025-08-01T10:00:00Z" }],
    [
      "incident.status",
      { status: "investigating", scheduled_for: "2025-08-01T10:00:00Z", scheduled_until: "2025-08-01T11:00:00Z" },
    ],
  ])("%s", async (field, wrong) => {
    const world = await manageWorld();
    await world.component("WEB");
    const before = await world.snapshot();
    const reply = await world.post("/incidents", { incident: { name: "Outage", body: "Text", ...wrong } });
    expect(reply.status, reply.text).toBe(422);
    expect(reply.json).toMatchObject({ error: expect.any(String), details: [{ field }] });
    expect(await world.snapshot()).toEqual(before);
  });

  test("in a change too", async () => {
    const world = await manageWorld();
    const id = await world.incident();
    const before = await world.snapshot();
    for (const [field, wrong] of [
      ["incident.name", { name: "" }],
      ["incident.status", { status: "gone" }],
      ["incident.scheduled_for", { status: "completed" }],
      ["incident.scheduled_for", { scheduled_for: "2025-08-01T10:00:00Z" }],
      ["incident.components", { status: "resolved", components: { nosuchthing0: "operational" } }],
    ] as const) {
      const reply = await world.patch(`/incidents/${id}`, { incident: wrong });
      expect(reply, field).toMatchObject({ status: 422, json: { details: [{ field }] } });
    }
    expect((await world.patch("/incidents/nosuchthing0", { incident: {} })).status).toBe(404);
    expect((await world.get("/incidents/nosuchthing0")).status).toBe(404);
    expect(await world.snapshot()).toEqual(before);
  });

  test("several wrong fields are all named", async () => {
    const { post } = await manageWorld();
    const reply = await post("/incidents", { incident: { status: "x", display_at: "y" } });
    expect(reply.json).toMatchObject({
      details: [{ field: "incident.status" }, { field: "incident.display_at" }, { field: "incident.name" }],
    });
  });
});

test("metadata so deep that writing it would overflow the stack is 422", async () => {
  const world = await manageWorld();
  const deep = `{"incident":{"name":"x","metadata":{"a":{"b":${"[".repeat(100_000)}${"]".repeat(100_000)}}}}}`;
  const reply = await world.send("POST", `${world.at}/incidents`, {
    body: deep,
    headers: { "content-type": "application/json" },
  });
  expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "incident.metadata" }] } });
});

describe("lost races", () => {
  test("whoever commits last is the newest update, for readers too", async () => {
    let meanwhile = async () => {};
    const world = await manageWorld({ sleep: () => meanwhile() });
    const id = await world.incident();
    world.tick(1_000);
    world.status.failNext("conflict", 1);
    meanwhile = async () => {
      meanwhile = async () => {};
      world.tick(2_000);
      await world.patch(`/incidents/${id}`, { incident: { body: "came between" } });
    };
    const reply = await world.patch(`/incidents/${id}`, { incident: { status: "resolved", body: "came last" } });
    const { incident_updates } = incidentAnswer.parse(reply.json);
    expect(incident_updates.map(({ body }) => body)).toEqual(["came last", "came between", "We are looking into it."]);
    const [, between, last] = await world.status.listUpdates(PAGE.id, id);
    expect(last?.displayAt).toBe(between?.displayAt);
    expect(world.notices.get(last?.id ?? "")?.committedAt).toBe(last?.displayAt);
  });

  test("are tried again, and 409 when they do not end", async () => {
    const world = await manageWorld();
    world.status.failNext("conflict", COMMIT_ATTEMPTS - 1);
    const id = await world.incident();
    const before = await world.snapshot();
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect(await world.post("/incidents", { incident: { name: "Outage" } })).toMatchObject({
      status: 409,
      json: { error: expect.any(String) },
    });
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.patch(`/incidents/${id}`, { incident: { status: "resolved" } })).status).toBe(409);
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.remove(`/incidents/${id}`)).status).toBe(409);
    expect(await world.snapshot()).toEqual(before);
  });
});
