import { describe, expect, test } from "vitest";
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
    ["incident.components", { components: { nosuchthing0: "major_outage" } }],
    ["incident.components", { components: ["nosuchthing0"] }],
    ["incident.components", { component_ids: ["nosuchthing0"] }],
    ["incident.components", { components: { WEB: "broken" } }],
    ["incident.deliver_notifications", { deliver_notifications: "perhaps" }],
    ["incident.display_at", { display_at: "yesterday" }],
    ["incident.display_at", { display_at: "2025-07-07T12:05:00" }],
    ["incident.display_at", { display_at: "2025-02-31T12:05:00Z" }],
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

describe("lost races", () => {
  test("are tried again, and 409 when they do not end", async () => {
    const world = await manageWorld();
    world.status.failNext("conflict", 4);
    const id = await world.incident();
    const before = await world.snapshot();
    world.status.failNext("conflict", 5);
    expect(await world.post("/incidents", { incident: { name: "Outage" } })).toMatchObject({
      status: 409,
      json: { error: expect.any(String) },
    });
    world.status.failNext("conflict", 5);
    expect((await world.patch(`/incidents/${id}`, { incident: { status: "resolved" } })).status).toBe(409);
    world.status.failNext("conflict", 5);
    expect((await world.remove(`/incidents/${id}`)).status).toBe(409);
    expect(await world.snapshot()).toEqual(before);
  });
});

describe("scheduled maintenance", () => {
  const window = { scheduled_for: "2025-07-10T20:00:00Z", scheduled_until: "2025-07-10T21:30:00.000+00:00" };

  test("its times and flags are kept, its statuses are its own", async () => {
    const world = await manageWorld();
    const created = await world.post("/incidents", {
      incident: {
        name: "Upgrade",
        ...window,
        scheduled_auto_transition: true,
        scheduled_remind_prior: "true",
        auto_transition_to_maintenance_state: true,
      },
    });
    const id = idOf(created);
    expect(created.json).toMatchObject({
      status: "scheduled",
      impact: "maintenance",
      scheduled_for: "2025-07-10T22:00:00.000+02:00",
      scheduled_until: "2025-07-10T23:30:00.000+02:00",
      scheduled_auto_in_progress: true,
      scheduled_auto_completed: true,
      scheduled_remind_prior: true,
      auto_transition_to_maintenance_state: true,
      auto_transition_to_operational_state: false,
    });
    const moved = await world.patch(`/incidents/${id}`, {
      incident: { scheduled_until: "2025-07-10T22:00:00Z", scheduled_auto_completed: false },
    });
    expect(moved.json).toMatchObject({
      scheduled_for: "2025-07-10T22:00:00.000+02:00",
      scheduled_until: "2025-07-11T00:00:00.000+02:00",
      scheduled_auto_in_progress: true,
      scheduled_auto_completed: false,
      incident_updates: [{ status: "scheduled" }],
    });
    expect((await world.patch(`/incidents/${id}`, { incident: { status: "resolved" } })).status).toBe(422);
    for (const status of ["in_progress", "verifying", "completed"]) {
      expect((await world.patch(`/incidents/${id}`, { incident: { status } })).json).toMatchObject({ status });
    }
  });

  test("has lists of its own, by what stage it is in", async () => {
    const world = await manageWorld();
    const outage = await world.incident();
    world.tick(1_000);
    const upcoming = await world.incident(window);
    world.tick(1_000);
    const active = await world.incident({ ...window, status: "in_progress" });
    world.tick(1_000);
    await world.incident({ ...window, status: "completed" });
    const list = async (name: string) => idsOf(await world.get(`/incidents/${name}`));
    expect(await list("unresolved")).toEqual([outage]);
    expect(await list("scheduled")).toEqual([active, upcoming]);
    expect(await list("upcoming")).toEqual([upcoming]);
    expect(await list("active_maintenance")).toEqual([active]);
    expect(await list("scheduled?per_page=1&page=2")).toEqual([upcoming]);
  });
});

describe("the list", () => {
  test("newest first, paged from 1, at most 100 rows", async () => {
    const world = await manageWorld();
    const ids: string[] = [];
    for (let count = 0; count < 105; count += 1) {
      ids.unshift(await world.incident({ name: `Incident ${count}` }));
      world.tick(1);
    }
    expect(idsOf(await world.get("/incidents"))).toEqual(ids.slice(0, 100));
    expect(idsOf(await world.get("/incidents?page=2"))).toEqual(ids.slice(100));
    expect(idsOf(await world.get("/incidents?limit=1000"))).toHaveLength(100);
    expect(idsOf(await world.get("/incidents?limit=10&page=3"))).toEqual(ids.slice(20, 30));
    expect((await world.get("/incidents?limit=-1")).status).toBe(422);
  });

  test("q searches name, status and updates", async () => {
    const world = await manageWorld();
    const login = await world.incident({ name: "Login slow", body: "Cache" });
    const disk = await world.incident({ name: "Uploads", body: "A DISK is full", status: "identified" });
    expect(idsOf(await world.get("/incidents?q=login"))).toEqual([login]);
    expect(idsOf(await world.get("/incidents?q=disk"))).toEqual([disk]);
    expect(idsOf(await world.get("/incidents?q=identified"))).toEqual([disk]);
    expect(idsOf(await world.get("/incidents?q=nothing"))).toEqual([]);
  });
});

describe("an update's text and time", () => {
  test("can be corrected, which tells nobody", async () => {
    const world = await manageWorld();
    const id = await world.incident();
    await world.patch(`/incidents/${id}`, { incident: { status: "resolved", body: "Ovre." } });
    const { incident_updates } = incidentAnswer.parse((await world.get(`/incidents/${id}`)).json);
    const [newest, first] = incident_updates;
    const at = `/incidents/${id}/incident_updates`;
    expect(await world.patch(`${at}/${newest?.id}`, { incident_update: { body: "Over." } })).toMatchObject({
      status: 200,
      json: { id: newest?.id, body: "Over.", status: "resolved", display_at: "2025-07-07T12:05:00.000+02:00" },
    });
    const earlier = { display_at: "2025-07-07T11:00:00+02:00", deliver_notifications: true };
    await world.put(`${at}/${first?.id}`, { incident_update: earlier });
    expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
      started_at: "2025-07-07T11:00:00.000+02:00",
      incident_updates: [
        { body: "Over." },
        { body: "We are looking into it.", display_at: "2025-07-07T11:00:00.000+02:00" },
      ],
    });
    expect(world.notices.size).toBe(2);

    expect((await world.patch(`${at}/nosuchthing0`, { incident_update: {} })).status).toBe(404);
    const wrong = await world.patch(`${at}/${first?.id}`, { incident_update: { body: 7 } });
    expect(wrong).toMatchObject({ status: 422, json: { details: [{ field: "incident_update.body" }] } });
    world.status.failNext("conflict", 5);
    expect((await world.patch(`${at}/${first?.id}`, { incident_update: { body: "x" } })).status).toBe(409);
  });

  test("has a delivery report; a silent one says that it has none", async () => {
    const world = await manageWorld();
    const loud = await world.incident();
    const silent = await world.incident({ deliver_notifications: false });
    const pathOf = async (id: string) =>
      `/incidents/${id}/incident_updates/${(await world.status.listUpdates(PAGE.id, id))[0]?.id}/deliveries`;
    const nobody = { audience: 0, accepted: 0, failed: 0, open: 0, median_ms: null, p95_ms: null, chunks: null };
    expect(await world.get(await pathOf(loud))).toMatchObject({
      status: 200,
      json: {
        incident_id: loud,
        state: "running",
        committed_at: "2025-07-07T12:05:00.000+02:00",
        channels: { email: nobody, sms: nobody, webhook: nobody },
      },
    });
    expect(await world.get(await pathOf(silent))).toMatchObject({
      status: 404,
      json: { error: expect.stringContaining("without notifying") },
    });
    const expired = await pathOf(loud);
    world.notices.clear();
    expect(await world.get(expired)).toMatchObject({
      status: 404,
      json: { error: expect.stringContaining("expired") },
    });
    expect((await world.get(`/incidents/${loud}/incident_updates/nosuchthing0/deliveries`)).status).toBe(404);
  });
});
