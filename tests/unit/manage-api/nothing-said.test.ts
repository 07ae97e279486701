import { describe, expect, test } from "vitest";
import { idOf, incidentAnswer, manageWorld } from "./manage-world.ts";

type World = Awaited<ReturnType<typeof manageWorld>>;

/** An incident that affects one component of two, and what the stores hold of it. */
async function standing(world: World, more: Record<string, unknown> = {}) {
  const [api, web] = [await world.component("API"), await world.component("Web")];
  const id = await world.incident({ status: "identified", components: { [api]: "major_outage" }, ...more });
  world.tick(60_000);
  return { api, web, path: `/incidents/${id}`, before: await world.snapshot() };
}

const BLANKS = ["", " \n\t", "\u200b", "\u00ad\u2060\ufeff", "\u202d\u202c", "\u2800", "&nbsp;", "&#8203;", "[]()"];

describe("a change of an incident that changes nothing and says nothing", () => {
  test("the status repeated, with the components as they are: one notice, whatever a script repeats", async () => {
    const world = await manageWorld();
    const { api, path, before } = await standing(world);
    const incident = { status: "identified", components: { [api]: "major_outage" }, component_ids: [api] };
    for (const method of ["PATCH", "PUT", "PATCH"]) {
      const reply = await world.send(method, `${world.at}${path}`, { json: { incident } });
      expect(reply).toMatchObject({ status: 200, json: { status: "identified" } });
      expect(incidentAnswer.parse(reply.json).incident_updates).toHaveLength(1);
    }
    expect(await world.snapshot()).toEqual(before);
    expect(world.notices.size).toBe(1);
  });

  test.each(BLANKS)("a body that shows nothing is no text: %j", async (body) => {
    const world = await manageWorld();
    const { api, path, before } = await standing(world);
    for (const incident of [
      { body },
      { body, status: "identified" },
      { body, status: "identified", components: { [api]: "" } },
      { body, component_ids: [api], deliver_notifications: true, display_at: "2025-07-07T10:00:00Z" },
    ]) {
      expect((await world.patch(path, { incident })).status).toBe(200);
    }
    expect(await world.snapshot()).toEqual(before);
  });

  test("a body of a rule, a picture of signs or an emoji says something", async () => {
    const world = await manageWorld();
    const { path } = await standing(world);
    for (const body of ["🔥", "…", "0", "---"]) await world.patch(path, { incident: { body } });
    expect(world.notices.size).toBe(5);
  });

  test("name, impact and metadata as they are, whatever the order of their keys", async () => {
    const world = await manageWorld();
    const metadata = { jira: { id: "1", url: "u" }, a: { b: [1, { c: null }] } };
    const { path, before } = await standing(world, { metadata, impact_override: "critical" });
    const incident = {
      name: "Partial Outage",
      impact_override: "critical",
      metadata: { a: { b: [1, { c: null }] }, jira: { url: "u", id: "1" } },
      status: "identified",
    };
    expect((await world.patch(path, { incident })).status).toBe(200);
    expect(await world.snapshot()).toEqual(before);
  });

  test("a maintenance announced again with the times it has", async () => {
    const world = await manageWorld();
    const times = {
      scheduled_for: "2025-07-08T10:00:00Z",
      scheduled_until: "2025-07-08T12:00:00Z",
      scheduled_remind_prior: true,
    };
    const path = `/incidents/${await world.incident({ status: "scheduled", ...times })}`;
    const before = await world.snapshot();
    await world.patch(path, { incident: { status: "scheduled", ...times } });
    expect(await world.snapshot()).toEqual(before);
    // Another time is something to tell.
    await world.patch(path, { incident: { status: "scheduled", scheduled_until: "2025-07-08T13:00:00Z" } });
    expect(world.notices.size).toBe(2);
  });

  test("resolved once more stays resolved when it was", async () => {
    const world = await manageWorld();
    const id = await world.resolvedIncident();
    const before = await world.snapshot();
    world.tick(60_000);
    expect((await world.patch(`/incidents/${id}`, { incident: { status: "resolved" } })).status).toBe(200);
    expect(await world.snapshot()).toEqual(before);
  });

  test("what is new is stored, and without a text it is told only with a status or a component's state", async () => {
    const world = await manageWorld();
    const { api, web, path } = await standing(world);
    const told = async (incident: object) => {
      const before = world.notices.size;
      const version = (await world.snapshot()).page?.version ?? 0;
      await world.patch(path, { incident });
      expect((await world.snapshot()).page?.version).toBe(version + 1);
      return world.notices.size - before;
    };
    const status = "identified";
    expect(await told({ status, name: "Renamed" })).toBe(0);
    expect(await told({ status, metadata: { a: { b: 1 } } })).toBe(0);
    expect(await told({ status, impact_override: "minor" })).toBe(0);
    expect(await told({ component_ids: [api], components: { [api]: "partial_outage" } })).toBe(0);
    expect(await told({ status, components: { [api]: "degraded_performance" } })).toBe(1);
    // One more is affected, though it is well.
    expect(await told({ status, component_ids: [api, web] })).toBe(1);
    expect(await told({ status: "monitoring" })).toBe(1);
    expect(await told({ status: "monitoring", body: "Still watching." })).toBe(1);
    expect(await told({ status: "monitoring", body: "Still watching." })).toBe(1);
  });

  test("two alike at the same moment are one update", async () => {
    const world = await manageWorld();
    const { api, path } = await standing(world);
    const incident = { status: "resolved", components: { [api]: "operational" } };
    const replies = await Promise.all([1, 2, 3].map(() => world.patch(path, { incident })));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(world.notices.size).toBe(2);
  });

  test("the audit trail says that nothing was changed", async () => {
    const world = await manageWorld();
    const { path } = await standing(world);
    world.logged.length = 0;
    await world.patch(path, { incident: { status: "identified" } });
    await world.patch(path, { incident: { status: "monitoring" } });
    const lines = world.logged.map((line) => JSON.parse(line));
    expect(lines.map(({ unchanged }) => unchanged)).toEqual([true, undefined]);
  });

  test("a preview says that nobody would be told", async () => {
    const world = await manageWorld();
    const { path } = await standing(world);
    const reply = await world.post(`${path}/preview`, { incident: { status: "identified", body: "\u200b" } });
    expect(reply).toMatchObject({
      status: 200,
      json: { notifies: false, channels: null, reason: "Nothing is said and nothing changes: nobody is told" },
    });
  });
});

describe("what is set to what it is", () => {
  test("an update's text, a draft, a postmortem published again", async () => {
    const world = await manageWorld();
    const id = await world.resolvedIncident();
    const path = `/incidents/${id}`;
    const [update] = incidentAnswer.parse((await world.get(path)).json).incident_updates;
    await world.put(`${path}/postmortem`, { postmortem: { body_draft: "Why." } });
    const drafted = await world.snapshot();
    world.tick(1_000);
    await world.put(`${path}/postmortem`, { postmortem: { body_draft: "Why." } });
    for (const incident_update of [{}, { body: "Over." }, { display_at: "2025-07-07T10:05:00Z" }]) {
      expect((await world.patch(`${path}/incident_updates/${update?.id}`, { incident_update })).status).toBe(200);
    }
    expect(await world.snapshot()).toEqual(drafted);

    await world.put(`${path}/postmortem/publish`);
    const published = await world.snapshot();
    await world.put(`${path}/postmortem/publish`);
    expect(await world.snapshot()).toEqual(published);
    // The text that everybody has had is not announced anew.
    await world.put(`${path}/postmortem`, { postmortem: { body_draft: "Why." } });
    await world.put(`${path}/postmortem/publish`);
    expect((await world.snapshot()).notices).toEqual(published.notices);
    expect((await world.get(`${path}/postmortem`)).json).toMatchObject({ body: "Why.", body_draft: null });
  });

  test("a component, a group, the page", async () => {
    const world = await manageWorld();
    const api = await world.component("API", { description: "d", status: "partial_outage" });
    const web = await world.component("Web");
    const group = idOf(
      await world.post("/component-groups", { component_group: { name: "G", components: [web, api] } }),
    );
    await world.patch("", { page: { locale: "de" } });
    const before = await world.snapshot();
    world.tick(1_000);
    const component = { name: "API", description: "d", status: "partial_outage", group_id: group };
    expect((await world.patch(`/components/${api}`, { component })).status).toBe(200);
    expect((await world.patch(`/components/${api}`, { component: { status: "" } })).status).toBe(200);
    expect((await world.patch(`/components/${api}`, { component: {} })).status).toBe(200);
    const component_group = { name: "G", components: [web, api] };
    expect((await world.patch(`/component-groups/${group}`, { component_group })).status).toBe(200);
    expect((await world.patch("", { page: { locale: "de", name: "DRACOON Cloud" } })).status).toBe(200);
    expect(await world.snapshot()).toEqual(before);
  });
});
