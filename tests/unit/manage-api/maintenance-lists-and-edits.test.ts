import { describe, expect, test } from "vitest";
import { COMMIT_ATTEMPTS } from "../../../functions/manage-api/save-with-retry.ts";
import { idOf, idsOf, incidentAnswer, manageWorld, PAGE } from "./manage-world.ts";

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
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
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
    world.ledger.lose();
    expect(await world.get(expired)).toMatchObject({
      status: 404,
      json: { error: expect.stringContaining("expired") },
    });
    expect((await world.get(`/incidents/${loud}/incident_updates/nosuchthing0/deliveries`)).status).toBe(404);
  });
});
