import { describe, expect, test } from "vitest";
import { z } from "zod";
import { COMMIT_ATTEMPTS } from "../../../functions/manage-api/save-with-retry.ts";
import { idOf, idsOf, manageWorld, PAGE, START } from "./manage-world.ts";

describe("pages", () => {
  test("the list holds the key's page", async () => {
    const { send, get } = await manageWorld();
    const [listed, shown] = [await send("GET", "/pages"), await get("")];
    expect(listed.json).toEqual([shown.json]);
    expect(shown.json).toMatchObject({
      id: PAGE.id,
      name: "DRACOON Cloud",
      time_zone: "Europe/Berlin",
      url: "https://status.example",
      created_at: "2025-01-01T01:00:00.000+01:00",
      allow_page_subscribers: true,
      viewers_must_be_team_members: false,
      css_greens: null,
    });
  });

  test.each(["PATCH", "PUT"])("%s changes name and time zone, takes other settings and leaves them", async (method) => {
    const world = await manageWorld();
    const json = { page: { name: "  Cloud ", time_zone: "America/New_York", css_greens: "2fcc66" } };
    const reply = await world.send(method, world.at, { json });
    expect(reply).toMatchObject({ status: 200, json: { name: "Cloud", time_zone: "America/New_York" } });
    expect((await world.get("")).json).toEqual(reply.json);
    expect(await world.status.getPage(PAGE.id)).toMatchObject({ version: 2, name: "Cloud" });
  });

  test("what is written otherwise is stored in one way", async () => {
    const world = await manageWorld();
    const page = {
      locale: "de_DE",
      time_zone: "america/new_york",
      brand_colour: "ABC",
      logo_url: "https://bücher.example/l;1.png",
    };
    expect(await world.patch("", { page })).toMatchObject({
      status: 200,
      json: {
        locale: "de",
        time_zone: "America/New_York",
        brand_colour: "#aabbcc",
        logo_url: "https://xn--bcher-kva.example/l%3B1.png",
      },
    });
  });

  test("its language, logo and colour are set, kept and cleared one by one", async () => {
    const world = await manageWorld();
    const logo_url = "https://cdn.example.com/logo.png";
    const set = await world.patch("", { page: { locale: "de", logo_url, brand_colour: "#1B57C4" } });
    expect(set).toMatchObject({ status: 200, json: { locale: "de", logo_url, brand_colour: "#1b57c4" } });
    const renamed = await world.patch("", { page: { name: "Cloud" } });
    expect(renamed.json).toMatchObject({ name: "Cloud", locale: "de", logo_url, brand_colour: "#1b57c4" });
    const cleared = await world.patch("", { page: { logo_url: null } });
    expect(cleared.json).toMatchObject({ locale: "de", logo_url: null, brand_colour: "#1b57c4" });
    expect(await world.status.getPage(PAGE.id)).toMatchObject({ branding: { logoUrl: null, colour: "#1b57c4" } });
  });

  test.each([
    ["page.locale", { locale: "fr" }],
    ["page.logo_url", { logo_url: "http://cdn.example.com/logo.png" }],
    ["page.logo_url", { logo_url: "javascript:alert(1)" }],
    ["page.logo_url", { logo_url: "https://a;script-src.example/logo.png" }],
    ["page.time_zone", { time_zone: "BST" }],
    ["page.logo_url", { logo_url: "https://user:secret@cdn.example.com/logo.png" }],
    ["page.logo_url", { logo_url: 'https://cdn.example.com/"><script>\n' }],
    ["page.brand_colour", { brand_colour: "red" }],
    ["page.brand_colour", { brand_colour: "#12345" }],
    ["page.brand_colour", { brand_colour: "#123456;}body{display:none" }],
    ["page.name", { name: "" }],
    ["page.name", { name: "a\r\nBcc: everybody@example.org" }],
    ["page.time_zone", { time_zone: "Mars/Olympus" }],
  ])("422 names %s and stores nothing", async (field, page) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.patch("", { page });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await world.snapshot()).toEqual(before);
  });

  test("409 when somebody else always comes first", async () => {
    const world = await manageWorld();
    world.status.failNext("conflict", COMMIT_ATTEMPTS - 1);
    expect((await world.patch("", { page: { name: "Four" } })).status).toBe(200);
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.patch("", { page: { name: "Five" } })).status).toBe(409);
    expect((await world.get("")).json).toMatchObject({ name: "Four" });
  });
});

describe("components", () => {
  test("created, shown, changed, removed", async () => {
    const world = await manageWorld();
    const created = await world.post("/components", { component: { name: "Web App", description: "The front door" } });
    expect(created).toMatchObject({
      status: 201,
      json: {
        page_id: PAGE.id,
        name: "Web App",
        description: "The front door",
        status: "operational",
        position: 1,
        group: false,
        group_id: null,
        showcase: true,
        only_show_if_degraded: false,
        automation_email: null,
        start_date: null,
        created_at: "2025-07-07T12:05:00.000+02:00",
      },
    });
    const id = idOf(created);
    expect((await world.get(`/components/${id}`)).json).toEqual(created.json);

    world.tick(60_000);
    const change = { status: "partial_outage", showcase: "false", start_date: "2025-01-31", description: null };
    const changed = await world.patch(`/components/${id}`, { component: change });
    expect(changed).toMatchObject({
      status: 200,
      json: {
        status: "partial_outage",
        showcase: false,
        start_date: "2025-01-31",
        description: null,
        name: "Web App",
        updated_at: "2025-07-07T12:06:00.000+02:00",
      },
    });
    expect((await world.get(`/components/${id}`)).json).toEqual(changed.json);
    expect((await world.put(`/components/${id}`, { component: { name: "Web" } })).json).toMatchObject({ name: "Web" });

    const removed = await world.remove(`/components/${id}`);
    expect(removed).toMatchObject({ status: 204, text: "" });
    expect((await world.get(`/components/${id}`)).status).toBe(404);
  });

  test("a changed status is kept for uptime, an unchanged one is not", async () => {
    const world = await manageWorld();
    const id = await world.component("Signing");
    await world.patch(`/components/${id}`, { component: { status: "operational" } });
    expect(await world.status.listChanges(PAGE.id, 0)).toEqual([]);
    await world.patch(`/components/${id}`, { component: { status: "major_outage" } });
    await world.patch(`/components/${id}`, { component: { status: "" } });
    expect(await world.status.listChanges(PAGE.id, 0)).toMatchObject([
      { incidentId: null, changes: [{ id, oldStatus: "operational", newStatus: "major_outage" }] },
    ]);
  });

  test("a changed status is told to webhooks, under an order that rises; nothing else is", async () => {
    const world = await manageWorld();
    const id = await world.component("Signing");
    await world.patch(`/components/${id}`, { component: { status: "operational", name: "Signatures" } });
    expect(world.notices.size).toBe(0);

    await world.patch(`/components/${id}`, { component: { status: "major_outage" } });
    await world.patch(`/components/${id}`, { component: { status: "major_outage", description: "Signs." } });
    await world.patch(`/components/${id}`, { component: { status: "operational" } });
    const [first, second, ...others] = [...world.notices.values()];
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      kind: "component change",
      subject: { kind: "component", id },
      state: "unplanned",
      committedAt: START,
      change: { id, name: "Signatures", oldStatus: "operational", newStatus: "major_outage" },
    });
    expect(second).toMatchObject({ subject: { id }, change: { oldStatus: "major_outage", newStatus: "operational" } });
    expect(second?.seq).toBeGreaterThan(first?.seq ?? Number.POSITIVE_INFINITY);
    expect(second?.updateId).not.toBe(first?.updateId);
  });

  test("a component that is created broken is told, once even if the request is repeated", async () => {
    const world = await manageWorld();
    const headers = { "idempotency-key": "once" };
    const component = { name: "Signing", status: "partial_outage" };
    const id = idOf(await world.post("/components", { component }, headers));
    expect(idOf(await world.post("/components", { component }, headers))).toBe(id);
    expect([...world.notices.values()]).toMatchObject([
      { subject: { kind: "component", id }, change: { newStatus: "partial_outage" } },
    ]);
  });

  test("a status that an incident sets is told by its update alone", async () => {
    const world = await manageWorld();
    const id = await world.component("Signing");
    await world.incident({ components: { [id]: "major_outage" } });
    expect([...world.notices.values()]).toMatchObject([{ kind: "update" }]);
  });

  test("a change is never dated before the component's last one, whichever machine's clock that was", async () => {
    const world = await manageWorld();
    const id = await world.component("Signing");
    world.tick(5_000);
    await world.patch(`/components/${id}`, { component: { status: "major_outage" } });
    world.tick(-3_000);
    await world.patch(`/components/${id}`, { component: { status: "operational" } });
    expect((await world.status.listChanges(PAGE.id, 0)).map((change) => change.at)).toEqual([
      START + 5_000,
      START + 5_000,
    ]);
  });

  test("the list is paged from 1 and holds groups as rows, their children after them", async () => {
    const { get, post, component } = await manageWorld();
    const [a, b, c] = [await component("a"), await component("b"), await component("c")];
    const group = idOf(await post("/component-groups", { component_group: { name: "API", components: [b] } }));
    expect(idsOf(await get("/components"))).toEqual([a, c, group, b]);
    expect(idsOf(await get("/components?per_page=2"))).toEqual([a, c]);
    expect(idsOf(await get("/components?per_page=2&page=2"))).toEqual([group, b]);
    expect(idsOf(await get("/components?per_page=2&page=3"))).toEqual([]);
    expect((await get("/components?page=two")).status).toBe(422);
  });

  test("a group's row has all that a component's has, and is found by its id", async () => {
    const { get, patch, post, component } = await manageWorld();
    const [a, b] = [await component("a"), await component("b")];
    const group = idOf(await post("/component-groups", { component_group: { name: "API", components: [a, b] } }));
    await patch(`/components/${b}`, { component: { status: "partial_outage" } });
    const row = (await get(`/components/${group}`)).json;
    expect(row).toMatchObject({
      id: group,
      group: true,
      group_id: null,
      components: [a, b],
      status: "partial_outage",
      showcase: false,
      only_show_if_degraded: false,
      automation_email: null,
      start_date: null,
    });
    expect((await get("/components")).json).toContainEqual(row);
    const child = z.looseObject({}).parse((await get(`/components/${a}`)).json);
    expect(Object.keys(z.looseObject({}).parse(row)).sort()).toEqual([...Object.keys(child), "components"].sort());
  });

  test.each([
    ["component.name", {}],
    ["component.name", { name: "  " }],
    ["component.name", { name: "x".repeat(256) }],
    ["component.name", { name: "a\u0000b" }],
    ["component.name", { name: "\ud800" }],
    ["component.name", { name: 7 }],
    ["component.status", { name: "x", status: "broken" }],
    ["component.group_id", { name: "x", group_id: "abcdefghijkl" }],
    ["component.showcase", { name: "x", showcase: "maybe" }],
    ["component.start_date", { name: "x", start_date: "31.1.2025" }],
    ["component.position", { name: "x", position: "first" }],
    ["component.position", { name: "x", position: -1 }],
  ])("422 names %s of %j and stores nothing", async (field, component) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/components", { component });
    expect(reply).toMatchObject({ status: 422, json: { error: expect.stringContaining(field), details: [{ field }] } });
    expect(await world.snapshot()).toEqual(before);
  });

  test("names of 255 characters fit, also where each takes two code units", async () => {
    const { component, get } = await manageWorld();
    const id = await component("🔔".repeat(255));
    expect((await get(`/components/${id}`)).json).toMatchObject({ name: "🔔".repeat(255) });
  });

  test("unknown ones are 404, lost races 409", async () => {
    const world = await manageWorld();
    const id = await world.component("a");
    for (const reply of [
      await world.get("/components/nosuchthing0"),
      await world.patch("/components/nosuchthing0", { component: {} }),
      await world.remove("/components/nosuchthing0"),
    ]) {
      expect(reply).toMatchObject({ status: 404, json: { error: "There is no such component" } });
    }
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.patch(`/components/${id}`, { component: { name: "b" } })).status).toBe(409);
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.remove(`/components/${id}`)).status).toBe(409);
    expect(idsOf(await world.get("/components"))).toEqual([id]);
  });

  test("a catalog that would not fit into its item is refused", async () => {
    const world = await manageWorld();
    const component = { name: "n", description: "d".repeat(2_000) };
    let reply = await world.post("/components", { component });
    for (let count = 0; count < 160 && reply.status === 201; count += 1)
      reply = await world.post("/components", { component });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "description" }] } });
  });
});

describe("component groups", () => {
  test("created, shown, changed, removed", async () => {
    const world = await manageWorld();
    const [a, b, c] = [await world.component("a"), await world.component("b"), await world.component("c")];
    const created = await world.post("/component-groups", {
      description: "All nine",
      component_group: { name: "API", components: [a, b] },
    });
    expect(created).toMatchObject({
      status: 201,
      json: { page_id: PAGE.id, name: "API", description: "All nine", components: [a, b], position: 4 },
    });
    const group = idOf(created);
    const path = `/component-groups/${group}`;
    expect((await world.get(path)).json).toEqual(created.json);
    expect((await world.get("/component-groups")).json).toEqual([created.json]);
    expect((await world.get(`/components/${a}`)).json).toMatchObject({ group_id: group });

    const changed = await world.patch(path, { component_group: { name: "The API", components: [b, c] } });
    expect(changed).toMatchObject({
      status: 200,
      json: { name: "The API", components: [b, c], description: "All nine" },
    });
    expect((await world.get(`/components/${a}`)).json).toMatchObject({ group_id: null });
    expect((await world.put(path, { description: "", component_group: {} })).json).toMatchObject({
      name: "The API",
      components: [b, c],
      description: null,
    });

    expect(await world.remove(path)).toMatchObject({ status: 200, json: { id: group, components: [b, c] } });
    expect((await world.get(path)).status).toBe(404);
    expect((await world.get(`/components/${b}`)).json).toMatchObject({ group_id: null });
  });

  test("a component joins and leaves a group by itself too", async () => {
    const world = await manageWorld();
    const [a, b] = [await world.component("a"), await world.component("b")];
    const group = idOf(await world.post("/component-groups", { component_group: { name: "API", components: [a] } }));
    await world.patch(`/components/${b}`, { component: { group_id: group } });
    expect((await world.get(`/component-groups/${group}`)).json).toMatchObject({ components: [a, b] });
    await world.patch(`/components/${a}`, { component: { group_id: "null" } });
    expect((await world.get(`/component-groups/${group}`)).json).toMatchObject({ components: [b] });
  });

  test("form-encoded, as Statuspage's own examples are", async () => {
    const world = await manageWorld();
    const [a, b] = [await world.component("a"), await world.component("b")];
    const body = new URLSearchParams([
      ["component_group[name]", "API"],
      ["component_group[components][]", a],
      ["component_group[components][]", b],
    ]).toString();
    const contentType = "application/x-www-form-urlencoded";
    const reply = await world.send("POST", `${world.at}/component-groups`, { body, contentType });
    expect(reply).toMatchObject({ status: 201, json: { name: "API", components: [a, b] } });
  });

  test.each([
    ["component_group.name", { components: [] }],
    ["component_group.components", { name: "API" }],
    ["component_group.components", { name: "API", components: [] }],
    ["component_group.components", { name: "API", components: ["nosuchthing0"] }],
    ["component_group.components.0", { name: "API", components: [7] }],
  ])("422 names %s of %j and stores nothing", async (field, group) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/component-groups", { component_group: group });
    expect(reply).toMatchObject({
      status: 422,
      json: { details: expect.arrayContaining([expect.objectContaining({ field })]) },
    });
    expect(await world.snapshot()).toEqual(before);
  });

  test("unknown ones are 404, lost races 409, pages of the list", async () => {
    const world = await manageWorld();
    const [a, b] = [await world.component("a"), await world.component("b")];
    expect((await world.get("/component-groups/nosuchthing0")).status).toBe(404);
    expect((await world.patch("/component-groups/nosuchthing0", { component_group: {} })).status).toBe(404);
    expect((await world.remove("/component-groups/nosuchthing0")).status).toBe(404);
    const first = idOf(await world.post("/component-groups", { component_group: { name: "1", components: [a] } }));
    const second = idOf(await world.post("/component-groups", { component_group: { name: "2", components: [b] } }));
    expect(idsOf(await world.get("/component-groups?per_page=1"))).toEqual([first]);
    expect(idsOf(await world.get("/component-groups?per_page=1&page=2"))).toEqual([second]);
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.remove(`/component-groups/${first}`)).status).toBe(409);
  });
});

test("a change that lost a race is kept with the time it was made, not asked for", async () => {
  const waits: (() => void)[] = [];
  const world = await manageWorld({ sleep: async () => waits.pop()?.() });
  const id = await world.component("Web App");
  world.status.failNext("conflict", 1);
  waits.push(() => world.tick(2_000));
  await world.patch(`/components/${id}`, { component: { status: "major_outage" } });
  expect(await world.status.listChanges(PAGE.id, 0)).toMatchObject([{ at: START + 2_000 }]);
});
