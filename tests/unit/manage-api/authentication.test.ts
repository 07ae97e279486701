import { describe, expect, test } from "vitest";
import { type ApiScope, apiScopes } from "../../../functions/core/api-key.ts";
import { sha256Hex } from "../../../functions/core/ids.ts";
import type { KeyStore } from "../../../functions/store/keys/key-store.ts";
import { KEY, manageWorld, PAGE, SECRET, START } from "./manage-world.ts";

const DELIVERIES = "/incidents/abcdefghijkl/incident_updates/abcdefghijkl/deliveries";

describe("credentials", () => {
  test.each([
    ["OAuth", { authorization: `OAuth ${KEY}` }, ""],
    ["oauth", { authorization: `oauth ${KEY}` }, ""],
    ["Bearer", { authorization: `Bearer ${KEY}` }, ""],
    ["api_key in the query", {}, `?api_key=${KEY}`],
  ])("%s", async (_form, headers, query) => {
    const { raw } = await manageWorld();
    expect((await raw("GET", `/v1/pages/${PAGE.id}${query}`, { headers })).status).toBe(200);
  });

  test.each([
    ["none", {}],
    ["an unknown id", { authorization: `OAuth tcn_nobody_${SECRET}` }],
    ["a wrong secret", { authorization: "OAuth tcn_operator_wrong" }],
    ["no key at all", { authorization: "OAuth nonsense" }],
    ["another scheme", { authorization: `Basic ${KEY}` }],
    ["a key twice as long", { authorization: `OAuth ${KEY}_${SECRET}` }],
  ])("%s is 401", async (_form, headers) => {
    const { raw } = await manageWorld();
    const reply = await raw("GET", "/v1/pages", { headers });
    expect(reply).toMatchObject({ status: 401, json: { error: "Could not authenticate" } });
    expect(reply.headers["www-authenticate"]).toContain("OAuth");
  });

  test("are asked for at the operators' spare address too, which answers as the other does", async () => {
    const { raw } = await manageWorld();
    const path = `/0a1b2c3d-0000-4000-8000-000000000000/v1/pages/${PAGE.id}`;
    const known = await raw("GET", path, { headers: { authorization: `OAuth ${KEY}` } });
    expect(known).toMatchObject({ status: 200, json: { id: PAGE.id } });
    expect((await raw("GET", path, { headers: { authorization: "OAuth tcn_operator_wrong" } })).status).toBe(401);
    expect((await raw("GET", `/nowhere${path}x`, { headers: { authorization: `OAuth ${KEY}` } })).status).not.toBe(200);
  });

  test("a wrong header is not made good by the query", async () => {
    const { raw } = await manageWorld();
    const headers = { authorization: "OAuth tcn_operator_wrong" };
    expect((await raw("GET", `/v1/pages?api_key=${KEY}`, { headers })).status).toBe(401);
  });

  test("an expired key is 401, from the very millisecond", async () => {
    const world = await manageWorld();
    await world.addKey("brief", ["pages:read"], { expiresAt: START + 1_000 });
    const headers = { authorization: `OAuth tcn_brief_${SECRET}` };
    world.tick(999);
    expect((await world.raw("GET", "/v1/pages", { headers })).status).toBe(200);
    world.tick(1);
    expect((await world.raw("GET", "/v1/pages", { headers })).status).toBe(401);
  });

  test("an unknown id is looked up and compared like a known one", async () => {
    const world = await manageWorld();
    const asked: string[] = [];
    const keys = Object.create(world.keys, {
      getKey: {
        value: async (id: string) => {
          asked.push(id);
          return null;
        },
      },
    });
    const { raw } = await manageWorld({ keys });
    await raw("GET", "/v1/pages", { headers: { authorization: `OAuth tcn_nobody_${SECRET}` } });
    expect(asked).toEqual(["nobody"]);
  });

  test("every refusal of a key is the same answer after the same work, and marks nothing as used", async () => {
    const world = await manageWorld();
    await world.addKey("over", ["pages:read"], { expiresAt: START });
    await world.addKey("gone", ["pages:read"], { revokedAt: START });
    const rotated = { secretHash: sha256Hex(SECRET), validUntil: START };
    await world.addKey("old", ["pages:read"], { secretHash: sha256Hex("new"), previous: rotated });
    const calls: string[] = [];
    const keys: KeyStore = {
      ...world.keys,
      getKey: (id) => {
        calls.push("getKey");
        return world.keys.getKey(id);
      },
      touchKey: async () => void calls.push("touchKey"),
    };
    const { raw } = await manageWorld({ keys });
    const answers = new Set<string>();
    for (const key of ["nobody", "operator", "over", "gone", "old"].map((id) => `tcn_${id}_`)) {
      const secret = key.includes("operator") ? "wrong" : SECRET;
      const reply = await raw("GET", "/v1/pages", { headers: { authorization: `OAuth ${key}${secret}` } });
      answers.add(JSON.stringify([reply.status, reply.headers, reply.text]));
    }
    expect([...answers]).toEqual([expect.stringMatching(/^\[401,/)]);
    expect(calls).toEqual(Array.from({ length: 5 }, () => "getKey"));
  });

  test("last use is written at most once a minute, and a failure to write it harms nobody", async () => {
    const world = await manageWorld();
    const used = async () => (await world.keys.getKey("operator"))?.lastUsedAt;
    await world.get("");
    expect(await used()).toBe(START);
    world.tick(59_999);
    await world.get("");
    expect(await used()).toBe(START);
    world.tick(1);
    await world.get("");
    expect(await used()).toBe(START + 60_000);

    world.tick(60_000);
    world.keys.touchKey = () => Promise.reject(new Error("throttled"));
    expect((await world.get("")).status).toBe(200);
    expect(world.logged.join()).toContain("key not marked as used");
  });
});

describe("what a key may do", () => {
  test.each<[string, string, ApiScope]>([
    ["GET", "", "pages:read"],
    ["PATCH", "", "pages:write"],
    ["GET", "/components", "components:read"],
    ["POST", "/components", "components:write"],
    ["DELETE", "/component-groups/abcdefghijkl", "components:write"],
    ["GET", "/incidents", "incidents:read"],
    ["GET", "/incidents/unresolved", "incidents:read"],
    ["POST", "/incidents", "incidents:write"],
    ["PUT", "/incidents/abcdefghijkl/postmortem/publish", "incidents:write"],
    ["GET", "/incidents/abcdefghijkl/incident_updates/abcdefghijkl/deliveries", "incidents:read"],
    ["POST", "/incidents/preview", "incidents:write"],
    ["POST", "/incidents/abcdefghijkl/preview", "incidents:write"],
    ["GET", "/subscribers", "subscribers:read"],
    ["POST", "/subscribers", "subscribers:write"],
    ["POST", "/incidents/abcdefghijkl/subscribers", "subscribers:write"],
  ])("%s %s needs %s", async (method, path, scope) => {
    const world = await manageWorld();
    const others = (
      [
        "pages:read",
        "pages:write",
        "components:read",
        "components:write",
        "incidents:read",
        "incidents:write",
        "subscribers:read",
        "subscribers:write",
      ] as const
    ).filter((each) => each !== scope);
    await world.addKey("without", others);
    await world.addKey("with", [scope]);
    const as = (id: string) =>
      world.raw(method, `/v1${world.at}${path}`, { headers: { authorization: `OAuth tcn_${id}_${SECRET}` } });
    expect(await as("without")).toMatchObject({ status: 403, json: { error: `This key lacks the scope ${scope}` } });
    expect((await as("with")).status).not.toBe(403);
  });

  test.each<[string, string, readonly ApiScope[]]>([
    ["GET", `${DELIVERIES}/problems`, ["incidents:read", "subscribers:read"]],
    ["GET", "/subscribers/abcdefghijkl/deliveries", ["incidents:read", "subscribers:read"]],
    ["POST", `${DELIVERIES}/resend_failed`, ["incidents:write", "subscribers:read"]],
    ["POST", `${DELIVERIES}/abcdefghijkl/resend`, ["incidents:write", "subscribers:read"]],
  ])("%s %s needs all of %s", async (method, path, scopes) => {
    const world = await manageWorld();
    const as = (id: string) =>
      world.raw(method, `/v1${world.at}${path}`, { headers: { authorization: `OAuth tcn_${id}_${SECRET}` } });
    await world.addKey("all", scopes);
    expect((await as("all")).status).toBe(404);
    for (const lacking of scopes) {
      await world.addKey(
        "some",
        apiScopes.filter((scope) => scope !== lacking),
      );
      expect(await as("some")).toMatchObject({ status: 403, json: { error: `This key lacks the scope ${lacking}` } });
    }
  });

  test("another page is 404, whether it exists or not, before scopes are looked at", async () => {
    const world = await manageWorld();
    await world.status.createPage({ ...PAGE, id: "otherpage000" });
    for (const page of ["otherpage000", "nosuchpage00"]) {
      expect(await world.send("GET", `/pages/${page}`)).toMatchObject({
        status: 404,
        json: { error: "There is no such page" },
      });
      expect((await world.send("POST", `/pages/${page}/incidents`, { json: {} })).status).toBe(404);
    }
  });
});

describe("the edges", () => {
  test(".json may follow every path", async () => {
    const { send, at } = await manageWorld();
    for (const path of ["/pages", at, `${at}/components`, `${at}/incidents/unresolved`, `${at}/subscribers/count`]) {
      expect((await send("GET", `${path}.json`)).json).toEqual((await send("GET", path)).json);
    }
  });

  test("an unknown path is 404, another method 405 with those allowed", async () => {
    const { send, raw, at } = await manageWorld();
    expect(await send("GET", "/nothing")).toMatchObject({ status: 404, json: { error: expect.any(String) } });
    expect((await raw("GET", "/")).status).toBe(404);
    const reply = await send("DELETE", `${at}/incidents`);
    expect(reply).toMatchObject({ status: 405, json: { error: expect.any(String) } });
    expect(reply.headers.allow?.split(", ").sort()).toEqual(["GET", "POST"]);
  });

  test("a body above 256 kB is 413 and stores nothing", async () => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const body = JSON.stringify({ incident: { name: "x", body: "y".repeat(256 * 1_024) } });
    expect((await world.send("POST", `${world.at}/incidents`, { body, contentType: "application/json" })).status).toBe(
      413,
    );
    expect(await world.snapshot()).toEqual(before);
  });

  test.each([
    ["broken JSON", '{"incident":', "application/json", 400],
    ["a list", "[]", "application/json", 400],
    ["a text", '"incident"', "application/json", 400],
    ["nothing under incident", "{}", "application/json", 400],
    ["no body", "", "application/json", 400],
    ["a broken form", "incident[name=x", "application/x-www-form-urlencoded", 400],
    ["a form that contradicts itself", "incident=1&incident[name]=x", "application/x-www-form-urlencoded", 400],
    ["XML", "<incident/>", "application/xml", 415],
  ])("%s is refused and stores nothing", async (_what, body, contentType, status) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.send("POST", `${world.at}/incidents`, { body, contentType });
    expect(reply).toMatchObject({ status, json: { error: expect.any(String) } });
    expect(await world.snapshot()).toEqual(before);
  });

  test("an unexpected error is 500 without detail, and a log line with it", async () => {
    const world = await manageWorld();
    world.status.getCatalog = () => Promise.reject(new Error("table on fire, ask ops@example.org"));
    const reply = await world.get("/components");
    expect(reply).toMatchObject({ status: 500, json: { error: "Something went wrong on our side" } });
    expect(reply.text).not.toContain("fire");
    expect(world.logged.join()).toContain("table on fire");
    expect(world.logged.join()).not.toContain("ops@example.org");
  });

  test("every answer carries the security headers, refusals too; HEAD has no body", async () => {
    const { send, raw } = await manageWorld();
    for (const reply of [await send("GET", "/pages"), await raw("GET", "/v1/pages"), await send("GET", "/nothing")]) {
      expect(reply.headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "strict-transport-security": expect.stringContaining("max-age="),
        "content-security-policy": expect.stringContaining("default-src 'none'"),
      });
    }
    expect(await send("HEAD", "/pages")).toMatchObject({ status: 200, text: "" });
  });
});
