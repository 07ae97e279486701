import { describe, expect, test } from "vitest";
import { COMMIT_ATTEMPTS } from "../../../functions/manage-api/save-with-retry.ts";
import { RUN_LEASE_MS } from "../../../functions/store/access/access-items.ts";
import { idOf, idsOf, incidentAnswer, manageWorld, PAGE, SECRET } from "./manage-world.ts";

const KEY = { "idempotency-key": "deploy-4711" };
const INCIDENT = { incident: { name: "Outage", body: "Text" } };

describe("Idempotency-Key", () => {
  test("the second request gets the first one's answer", async () => {
    const world = await manageWorld();
    const first = await world.post("/incidents", INCIDENT, KEY);
    world.tick(60_000);
    const second = await world.post("/incidents", INCIDENT, KEY);
    expect(second).toMatchObject({ status: 201, json: first.json });
    expect(idsOf(await world.get("/incidents"))).toEqual([idOf(first)]);
    expect(world.notices.size).toBe(1);
  });

  test("without one, or under another, two requests are two incidents", async () => {
    const world = await manageWorld();
    await world.post("/incidents", INCIDENT);
    await world.post("/incidents", INCIDENT);
    await world.post("/incidents", INCIDENT, KEY);
    await world.post("/incidents", INCIDENT, { "idempotency-key": "other" });
    expect(idsOf(await world.get("/incidents"))).toHaveLength(4);
  });

  test("another API key's is another key", async () => {
    const world = await manageWorld();
    await world.addKey("second", ["incidents:write"]);
    const ours = await world.post("/incidents", INCIDENT, KEY);
    const theirs = await world.post("/incidents", INCIDENT, { ...KEY, authorization: `OAuth tcn_second_${SECRET}` });
    expect(idOf(theirs)).not.toBe(idOf(ours));
  });

  test("another request under the same key is 422, a malformed key 400", async () => {
    const world = await manageWorld();
    await world.post("/incidents", INCIDENT, KEY);
    expect((await world.post("/incidents", { incident: { name: "Other" } }, KEY)).status).toBe(422);
    expect((await world.post("/components", INCIDENT, KEY)).status).toBe(422);
    for (const key of ["", "a b", "x".repeat(256)]) {
      expect((await world.post("/incidents", INCIDENT, { "idempotency-key": key })).status).toBe(400);
    }
    expect(idsOf(await world.get("/incidents"))).toHaveLength(1);
  });

  test("another request is told by its bytes, in whatever charset they are", async () => {
    const world = await manageWorld();
    const send = (name: string) =>
      world.send("POST", `${world.at}/incidents`, {
        body: Buffer.from(JSON.stringify({ incident: { name } }), "latin1"),
        contentType: "application/json; charset=iso-8859-1",
        headers: KEY,
      });
    expect(await send("Störung")).toMatchObject({ status: 201, json: { name: "Störung" } });
    expect((await send("Stürung")).status).toBe(422);
  });

  test("a refusal is final under its key", async () => {
    const world = await manageWorld();
    const first = await world.post("/incidents", { incident: {} }, KEY);
    expect(first).toMatchObject({ status: 422, json: { details: [{ field: "incident.name" }] } });
    expect(await world.post("/incidents", { incident: {} }, KEY)).toMatchObject({ status: 422, json: first.json });
  });

  test("a conflict is not: the same request may succeed later", async () => {
    const world = await manageWorld();
    world.status.failNext("conflict", COMMIT_ATTEMPTS);
    expect((await world.post("/incidents", INCIDENT, KEY)).status).toBe(409);
    world.tick(RUN_LEASE_MS);
    expect((await world.post("/incidents", INCIDENT, KEY)).status).toBe(201);
  });
});

/** Dies once, after what the method does has been done. */
function dieAfter<T extends object>(port: T, method: string): T {
  let dead = false;
  return new Proxy(port, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (name !== method || typeof member !== "function" || dead) return member;
      return async (...parameters: unknown[]) => {
        await Reflect.apply(member, target, parameters);
        dead = true;
        throw new Error(`died after ${method}`);
      };
    },
  });
}

describe("a run that died after its commit", () => {
  test("one incident: the next run under the key meets it", async () => {
    const world = await manageWorld();
    Object.assign(world.deps, { status: dieAfter(world.status, "commitIncident") });
    expect((await world.post("/incidents", INCIDENT, KEY)).status).toBe(500);
    const stored = idsOf(await world.get("/incidents"));
    expect(stored).toHaveLength(1);
    expect((await world.post("/incidents", INCIDENT, KEY)).status).toBe(409);
    world.tick(RUN_LEASE_MS);
    const again = await world.post("/incidents", INCIDENT, KEY);
    expect(again.status).toBe(201);
    expect([idOf(again)]).toEqual(stored);
    expect(idsOf(await world.get("/incidents"))).toEqual(stored);
    expect(world.notices.size).toBe(1);
    world.tick(RUN_LEASE_MS);
    expect((await world.post("/incidents", INCIDENT, KEY)).json).toEqual(again.json);
  });

  test("one update", async () => {
    const world = await manageWorld();
    const id = await world.incident();
    Object.assign(world.deps, { status: dieAfter(world.status, "commitIncident") });
    const change = { incident: { status: "resolved", body: "Over." } };
    expect((await world.patch(`/incidents/${id}`, change, KEY)).status).toBe(500);
    world.tick(RUN_LEASE_MS);
    const again = await world.patch(`/incidents/${id}`, change, KEY);
    expect(again.status).toBe(200);
    expect(incidentAnswer.parse(again.json).incident_updates.map(({ status }) => status)).toEqual([
      "resolved",
      "investigating",
    ]);
    expect(world.notices.size).toBe(2);
  });

  test("one component, one group", async () => {
    const world = await manageWorld();
    Object.assign(world.deps, { status: dieAfter(world.status, "saveCatalog") });
    const component = { component: { name: "Web", status: "degraded_performance" } };
    expect((await world.post("/components", component, KEY)).status).toBe(500);
    world.tick(RUN_LEASE_MS);
    const again = await world.post("/components", component, KEY);
    expect(again).toMatchObject({ status: 201, json: { name: "Web", status: "degraded_performance" } });
    expect(idsOf(await world.get("/components"))).toEqual([idOf(again)]);

    Object.assign(world.deps, { status: dieAfter(world.status, "saveCatalog") });
    const group = { component_group: { name: "API", components: [idOf(again)] } };
    const other = { "idempotency-key": "group" };
    expect((await world.post("/component-groups", group, other)).status).toBe(500);
    world.tick(RUN_LEASE_MS);
    const grouped = await world.post("/component-groups", group, other);
    expect(grouped).toMatchObject({ status: 201, json: { components: [idOf(again)] } });
    expect(idsOf(await world.get("/component-groups"))).toEqual([idOf(grouped)]);
  });

  test("one subscriber, and its confirmation goes out", async () => {
    const world = await manageWorld();
    Object.assign(world.deps, { subscribers: dieAfter(world.subscribers, "create") });
    const subscriber = { subscriber: { email: "ada@example.org" } };
    expect((await world.post("/subscribers", subscriber, KEY)).status).toBe(500);
    expect(world.mails).toEqual([]);
    world.tick(RUN_LEASE_MS);
    const again = await world.post("/subscribers", subscriber, KEY);
    expect(again.status).toBe(201);
    expect(world.mails).toHaveLength(1);
    expect(idsOf(await world.get("/subscribers?state=all"))).toEqual([idOf(again)]);
  });

  test("an answer that cannot be kept is given all the same", async () => {
    const world = await manageWorld();
    const keep = world.access.completeIdempotent;
    world.access.completeIdempotent = () => Promise.reject(new Error("throttled"));
    const first = await world.post("/incidents", INCIDENT, KEY);
    expect(first.status).toBe(201);
    world.access.completeIdempotent = keep;
    world.tick(RUN_LEASE_MS);
    expect(idOf(await world.post("/incidents", INCIDENT, KEY))).toBe(idOf(first));
  });
});

describe("what is kept for a replay", () => {
  test("neither addresses nor signing secrets; the replay is whole nevertheless", async () => {
    const world = await manageWorld();
    const kept: string[] = [];
    const complete = world.access.completeIdempotent;
    world.access.completeIdempotent = async (pageId, keyHash, status, body) => {
      kept.push(body);
      await complete(pageId, keyHash, status, body);
    };
    const subscriber = { subscriber: { endpoint: "https://hooks.example.org/in", email: "ops@example.org" } };
    const first = await world.post("/subscribers", subscriber, KEY);
    expect(kept).toEqual([JSON.stringify({ subscriber: idOf(first) })]);
    const second = await world.post("/subscribers", subscriber, KEY);
    expect(second).toMatchObject({ status: 201, json: first.json });
    expect(second.text).toContain("whsec_");

    await world.subscribers.remove(PAGE.id, "webhook", idOf(first));
    expect((await world.post("/subscribers", subscriber, KEY)).status).toBe(404);
  });
});
