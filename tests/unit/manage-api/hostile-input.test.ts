import { describe, expect, test } from "vitest";
import { manageWorld } from "./manage-world.ts";

describe("an id in the path that has not the form of one is 404 and reaches no table", () => {
  test.each([
    ["GET", "/incidents/LONG"],
    ["PATCH", "/incidents/LONG"],
    ["DELETE", "/incidents/LONG"],
    ["GET", "/incidents/LONG/postmortem"],
    ["PUT", "/incidents/LONG/postmortem/publish"],
    ["GET", "/incidents/LONG/subscribers"],
    ["PATCH", "/incidents/LONG/incident_updates/LONG"],
    ["GET", "/components/LONG"],
    ["GET", "/component-groups/LONG"],
    ["GET", "/subscribers/LONG"],
    ["DELETE", "/subscribers/LONG"],
    ["GET", "/incidents/%00"],
    ["GET", "/subscribers/INCIDENT%23x"],
  ])("%s %s", async (method, path) => {
    const world = await manageWorld();
    // As DynamoDB answers to a sort key of more than 1,024 bytes.
    world.status.getIncident = () => Promise.reject(new Error("ValidationException"));
    world.subscribers.find = () => Promise.reject(new Error("ValidationException"));
    const json = { incident: {}, incident_update: {} };
    const target = `${world.at}${path.replaceAll("LONG", "a".repeat(2_000))}`;
    const reply = await world.send(method, target, method === "GET" ? {} : { json });
    expect(reply).toMatchObject({ status: 404, json: { error: expect.any(String) } });
  });
});

describe("errors read as sentences about the field", () => {
  test.each([
    ["longer than 2000 characters", "/components", { component: { name: "x", description: "x".repeat(2_001) } }],
    ["component.group_id must be an id", "/components", { component: { name: "x", group_id: 7 } }],
    [
      "impact_override must be one of none, maintenance, minor, major, critical",
      "/incidents",
      { incident: { name: "x", impact_override: "huge" } },
    ],
    ["incident must be an object", "/incidents", { incident: null }],
    ["incident must be an object", "/incidents", { incident: [] }],
    [
      "incident.components.a must be one of operational, under_maintenance, degraded_performance, partial_outage",
      "/incidents",
      { incident: { name: "x", components: { a: "Major_Outage" } } },
    ],
    ["incident.components.1 must be an id", "/incidents", { incident: { name: "x", components: ["a", 7] } }],
    ["incident.components must be a map from", "/incidents", { incident: { name: "x", components: "a" } }],
    ["subscribers.0 must be an id", "/subscribers/unsubscribe", { subscribers: [7] }],
    ["incident.component_ids names", "/incidents", { incident: { name: "x", component_ids: ["nosuchthing0"] } }],
  ])("%s", async (problem, path, body) => {
    const { post } = await manageWorld();
    const reply = await post(path, body);
    expect(reply).toMatchObject({ status: 422, json: { error: expect.stringContaining(problem) } });
    expect(reply.text).not.toContain("Invalid input");
  });

  test("what is to be done instead is said", async () => {
    const world = await manageWorld();
    const path = `/incidents/${await world.incident()}`;
    const bare = await world.patch(path, { status: "resolved" });
    expect(bare).toMatchObject({ status: 400, json: { error: expect.stringContaining('as {"incident": {…}}') } });
    const method = await world.post(path, {});
    expect(method).toMatchObject({ status: 405, headers: { allow: "GET, PATCH, PUT, DELETE" } });
    expect(method.json).toMatchObject({ error: "POST is not possible here, only GET, PATCH, PUT, DELETE" });
    const key = { "idempotency-key": "once" };
    await world.patch(path, { incident: { body: "One." } }, key);
    const other = await world.patch(path, { incident: { body: "Two." } }, key);
    expect(other).toMatchObject({ status: 422, json: { error: expect.stringContaining("takes a new key") } });
  });

  test("JSON that says it is a form: curl -d without a content type", async () => {
    const { send, at } = await manageWorld();
    const reply = await send("POST", `${at}/incidents`, {
      body: '{"incident":{"name":"x"}}',
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(reply).toMatchObject({ status: 400, json: { error: expect.stringContaining("application/json") } });
  });
});

test("a form says numbers as text", async () => {
  const { component, send, at } = await manageWorld();
  const reply = await send("PATCH", `${at}/components/${await component("Web")}`, {
    body: "component[position]=7&component[description]=",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  expect(reply).toMatchObject({ status: 200, json: { position: 7, description: null } });
});

test.each(["+02:00", "-0500", 7])("a page's time zone is a name that every reader knows, not %s", async (zone) => {
  const { send, at } = await manageWorld();
  const reply = await send("PATCH", at, { json: { page: { time_zone: zone } } });
  expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "page.time_zone" }] } });
});

test("updates are told newest first by the time that readers see, as in the public JSON", async () => {
  const world = await manageWorld();
  const id = await world.incident();
  world.tick(60_000);
  await world.patch(`/incidents/${id}`, { incident: { body: "later", display_at: "2025-07-01T00:00:00Z" } });
  expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
    incident_updates: [{ body: "We are looking into it." }, { body: "later" }],
  });
});
