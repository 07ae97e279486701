import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type ApiScope, apiScopes } from "../../../functions/core/api-key.ts";
import type { Reply } from "../../fakes/http-client.ts";
import { KEY, manageWorld, PAGE, SECRET, START } from "./manage-world.ts";

const HOUR = 3_600_000;
const madeSchema = z.object({ id: z.string(), key: z.string() });
const DEPLOYER: ApiScope[] = ["incidents:read", "incidents:write", "keys:read", "keys:write"];

async function keyWorld() {
  const world = await manageWorld();
  const as = (key: string, method: string, path: string, json?: unknown) =>
    world.raw(method, `/v1${world.at}${path}`, {
      headers: { authorization: `OAuth ${key}` },
      ...(json === undefined ? {} : { json }),
    });
  const make = async (fields: Record<string, unknown>, key = KEY) => {
    const reply = await as(key, "POST", "/api_keys", { api_key: { name: "made", ...fields } });
    expect(reply.status, reply.text).toBe(201);
    return madeSchema.parse(reply.json);
  };
  /** Whether a key is taken at all. */
  const works = async (key: string) => (await as(key, "GET", "/api_keys")).status !== 401;
  return { ...world, as, make, works };
}

function refusedWith(reply: Reply, status: number, field: string) {
  expect(reply).toMatchObject({ status, json: { details: [{ field }] } });
}

describe("a key made with another", () => {
  test("has the scopes named, and is shown once", async () => {
    const world = await keyWorld();
    const { id, key } = await world.make({ name: "deploys", scopes: ["incidents:write"] });
    expect(key).toMatch(new RegExp(`^tcn_${id}_[0-9a-f]{64}$`));
    expect((await world.as(key, "POST", "/incidents", { incident: { name: "x", body: "y" } })).status).toBe(201);
    expect((await world.as(key, "GET", "/incidents")).status).toBe(403);
    expect(await world.get(`/api_keys/${id}`)).toMatchObject({
      json: {
        id,
        name: "deploys",
        scopes: ["incidents:write"],
        state: "active",
        created_by: "operator",
        created_at: "2025-07-07T12:05:00.000+02:00",
        expires_at: null,
        last_used_at: "2025-07-07T12:05:00.000+02:00",
        previous_secret: null,
      },
    });
    const list = await world.get("/api_keys");
    expect(list.text).not.toContain(key);
    expect(list.text).not.toContain('key":');
    expect(JSON.stringify(await world.keys.getKey(id))).not.toContain(key.split("_")[2]);
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ["no name", { scopes: ["pages:read"], name: undefined }, 422, "api_key.name"],
    ["no scopes", {}, 422, "api_key.scopes"],
    ["an empty list", { scopes: [] }, 422, "api_key.scopes"],
    ["a scope that is none", { scopes: ["everything"] }, 422, "api_key.scopes.0"],
    ["an end in the past", { scopes: ["keys:read"], expires_at: "2025-07-07T12:05:00+02:00" }, 422, "expires_at"],
    ["an end that is none", { scopes: ["keys:read"], expires_at: "soon" }, 422, "api_key.expires_at"],
    ["more than its maker has", { scopes: ["incidents:read", "subscribers:read"] }, 403, "scopes"],
    ["everything", { scopes: apiScopes }, 403, "scopes"],
    ["a longer life than its maker", { scopes: ["keys:read"], expires_at: "2026-07-07" }, 403, "expires_at"],
    ["no end, where its maker has one", { scopes: ["keys:read"], expires_at: null }, 403, "expires_at"],
  ])("is not made with %s", async (_what, fields, status, field) => {
    const world = await keyWorld();
    await world.addKey("deployer", DEPLOYER, { expiresAt: START + 24 * HOUR });
    const before = await world.keys.listKeys(PAGE.id);
    const json = { api_key: { name: "made", ...fields } };
    refusedWith(await world.as(`tcn_deployer_${SECRET}`, "POST", "/api_keys", json), status, field);
    const after = (await world.keys.listKeys(PAGE.id)).map(({ id }) => id);
    expect(after).toEqual(before.map(({ id }) => id));
  });

  test("ends when its maker does, unless it is to end before", async () => {
    const world = await keyWorld();
    await world.addKey("deployer", DEPLOYER, { expiresAt: START + 2 * HOUR });
    const own = `tcn_deployer_${SECRET}`;
    const long = await world.make({ scopes: ["keys:read"] }, own);
    const short = await world.make({ scopes: ["keys:read"], expires_at: "2025-07-07T13:05:00+02:00" }, own);
    world.tick(HOUR);
    expect([await world.works(long.key), await world.works(short.key)]).toEqual([true, false]);
    world.tick(HOUR);
    expect(await world.works(long.key)).toBe(false);
    expect((await world.get(`/api_keys/${long.id}`)).json).toMatchObject({ state: "expired" });
  });

  test("asked for twice under one Idempotency-Key is one, and its secret is kept nowhere", async () => {
    const world = await keyWorld();
    const json = { api_key: { name: "CI", scopes: ["pages:read"] } };
    const first = await world.post("/api_keys", json, { "idempotency-key": "once" });
    const second = await world.post("/api_keys", json, { "idempotency-key": "once" });
    const { id } = madeSchema.parse(first.json);
    expect(second).toMatchObject({ status: 201, json: { id, key: null } });
    expect(await world.keys.listKeys(PAGE.id)).toHaveLength(2);
  });
});

describe("rotation", () => {
  test("gives a new secret, and the old one is good for a day more", async () => {
    const world = await keyWorld();
    const { id, key: old } = await world.make({ scopes: ["keys:read"] });
    expect(await world.works(old)).toBe(true);
    const { key } = madeSchema.parse((await world.post(`/api_keys/${id}/rotate`, {})).json);
    expect(key).not.toBe(old);
    world.tick(HOUR);
    expect([await world.works(old), await world.works(key)]).toEqual([true, true]);
    expect((await world.get(`/api_keys/${id}`)).json).toMatchObject({
      rotated_at: "2025-07-07T12:05:00.000+02:00",
      previous_secret: {
        valid_until: "2025-07-08T12:05:00.000+02:00",
        last_used_at: "2025-07-07T13:05:00.000+02:00",
      },
    });
    world.tick(23 * HOUR);
    expect([await world.works(old), await world.works(key)]).toEqual([false, true]);
    expect((await world.get(`/api_keys/${id}`)).json).toMatchObject({ previous_secret: null });
  });

  test("of a leaked key ends the old secret at once", async () => {
    const world = await keyWorld();
    const { id, key: old } = await world.make({ scopes: ["keys:read"] });
    await world.post(`/api_keys/${id}/rotate`, { overlap_seconds: 0 });
    expect(await world.works(old)).toBe(false);
  });

  test("whose answer was lost can be done again, and the secret in use stays good", async () => {
    const world = await keyWorld();
    const { id, key: inUse } = await world.make({ scopes: ["keys:read"] });
    await world.works(inUse);
    await world.post(`/api_keys/${id}/rotate`, {});
    const { key } = madeSchema.parse((await world.post(`/api_keys/${id}/rotate`, {})).json);
    expect([await world.works(inUse), await world.works(key)]).toEqual([true, true]);
    // Now that the new one is in use, it is the old one of the next rotation.
    const { key: third } = madeSchema.parse((await world.post(`/api_keys/${id}/rotate`, {})).json);
    expect([await world.works(inUse), await world.works(key), await world.works(third)]).toEqual([false, true, true]);
  });

  test("brings no secret back that has ended", async () => {
    const world = await keyWorld();
    const { id, key: leaked } = await world.make({ scopes: ["keys:read"] });
    const { key: unused } = madeSchema.parse(
      (await world.post(`/api_keys/${id}/rotate`, { overlap_seconds: 3_600 })).json,
    );
    world.tick(2 * HOUR);
    expect(await world.works(leaked)).toBe(false);
    const { key } = madeSchema.parse((await world.post(`/api_keys/${id}/rotate`, {})).json);
    expect([await world.works(leaked), await world.works(unused), await world.works(key)]).toEqual([false, true, true]);
  });

  test.each([-1, 604_801, "soon"])("takes no overlap of %s", async (overlap_seconds) => {
    const world = await keyWorld();
    const { id, key } = await world.make({ scopes: ["keys:read"] });
    refusedWith(await world.post(`/api_keys/${id}/rotate`, { overlap_seconds }), 422, "overlap_seconds");
    expect(await world.works(key)).toBe(true);
  });
});

describe("a key that may manage keys", () => {
  test("cannot reach one that can do more, or lasts longer", async () => {
    const world = await keyWorld();
    const strong = await world.make({ scopes: [...DEPLOYER, "subscribers:read"] });
    const lasting = await world.make({ scopes: ["incidents:read"] });
    await world.addKey("deployer", DEPLOYER, { expiresAt: START + HOUR });
    const own = `tcn_deployer_${SECRET}`;
    const change = { api_key: { name: "mine" } };
    for (const [method, path, json] of [
      ["PATCH", "", change],
      ["POST", "/rotate", {}],
      ["DELETE", "", undefined],
    ] as const) {
      refusedWith(await world.as(own, method, `/api_keys/${strong.id}${path}`, json), 403, "scopes");
      if (method === "DELETE") continue;
      refusedWith(await world.as(own, method, `/api_keys/${lasting.id}${path}`, json), 403, "expires_at");
    }
    expect([await world.works(strong.key), await world.works(lasting.key)]).toEqual([true, true]);
    // To end what lasts longer is to go beyond nothing.
    expect((await world.as(own, "DELETE", `/api_keys/${lasting.id}`)).status).toBe(200);
  });

  test("may rotate itself, and change others within its own bounds", async () => {
    const world = await keyWorld();
    const { id, key } = await world.make({ scopes: DEPLOYER });
    expect((await world.as(key, "POST", `/api_keys/${id}/rotate`, {})).status).toBe(201);
    const other = await world.make({ scopes: ["incidents:read", "incidents:write"] }, key);
    const narrow = {
      api_key: { name: "reader", scopes: ["incidents:read", "incidents:read"], expires_at: "2025-07-08" },
    };
    expect(await world.as(key, "PATCH", `/api_keys/${other.id}`, narrow)).toMatchObject({
      status: 200,
      json: { name: "reader", scopes: ["incidents:read"], expires_at: "2025-07-08T14:00:00.000+02:00" },
    });
    const wider = { api_key: { scopes: ["incidents:read", "incidents:write"] } };
    refusedWith(await world.as(key, "PATCH", `/api_keys/${other.id}`, wider), 422, "scopes");
  });

  test("brings the end of what it made forward with its own", async () => {
    const world = await keyWorld();
    const { id, key } = await world.make({ scopes: DEPLOYER });
    const child = await world.make({ scopes: DEPLOYER }, key);
    const grandchild = await world.make({ scopes: ["keys:read"] }, child.key);
    await world.patch(`/api_keys/${id}`, { api_key: { expires_at: "2025-07-07T13:05:00+02:00" } });
    expect(await world.works(grandchild.key)).toBe(true);
    world.tick(HOUR);
    for (const one of [key, child.key, grandchild.key]) expect(await world.works(one)).toBe(false);
  });
});

describe("revocation", () => {
  test("is at once and for good", async () => {
    const world = await keyWorld();
    const { id, key } = await world.make({ scopes: ["keys:read"] });
    expect(await world.remove(`/api_keys/${id}`)).toMatchObject({ status: 200, json: { revoked: [id] } });
    expect(await world.works(key)).toBe(false);
    expect((await world.get(`/api_keys/${id}`)).json).toMatchObject({ state: "revoked" });
    expect((await world.post(`/api_keys/${id}/rotate`, {})).status).toBe(409);
    expect((await world.patch(`/api_keys/${id}`, { api_key: { expires_at: null } })).status).toBe(409);
    expect(await world.remove(`/api_keys/${id}`)).toMatchObject({ status: 200, json: { revoked: [] } });
  });

  test("asks what becomes of the keys that were made with it", async () => {
    const world = await keyWorld();
    const { id, key } = await world.make({ scopes: DEPLOYER });
    const child = await world.make({ scopes: DEPLOYER }, key);
    const grandchild = await world.make({ scopes: ["keys:read"] }, child.key);
    refusedWith(await world.remove(`/api_keys/${id}`), 422, "made");
    expect(await world.works(key)).toBe(true);
    await world.remove(`/api_keys/${id}?made=keep`);
    expect([await world.works(key), await world.works(child.key)]).toEqual([false, true]);
    const { json } = await world.remove(`/api_keys/${id}?made=revoke`);
    expect(json).toEqual({ revoked: expect.arrayContaining([child.id, grandchild.id]) });
    expect([await world.works(child.key), await world.works(grandchild.key)]).toEqual([false, false]);
  });
});

describe("a key whose scopes became fewer than those of what it made", () => {
  async function reduced() {
    const world = await keyWorld();
    const weak = await world.make({ scopes: DEPLOYER });
    const strong = await world.make({ scopes: DEPLOYER }, weak.key);
    const fewer = { api_key: { scopes: ["keys:read", "keys:write"] } };
    expect((await world.patch(`/api_keys/${weak.id}`, fewer)).status).toBe(200);
    return { ...world, weak, strong };
  }

  test("does not revoke that along with itself", async () => {
    const { weak, strong, ...world } = await reduced();
    refusedWith(await world.as(weak.key, "DELETE", `/api_keys/${weak.id}?made=revoke`), 403, "scopes");
    expect([await world.works(weak.key), await world.works(strong.key)]).toEqual([true, true]);
    expect((await world.as(weak.key, "DELETE", `/api_keys/${weak.id}?made=keep`)).status).toBe(200);
    expect([await world.works(weak.key), await world.works(strong.key)]).toEqual([false, true]);
  });

  test("does not bring that one's end forward along with its own", async () => {
    const { weak, strong, ...world } = await reduced();
    const soon = { api_key: { expires_at: "2025-07-07T13:05:00+02:00" } };
    refusedWith(await world.as(weak.key, "PATCH", `/api_keys/${weak.id}`, soon), 403, "scopes");
    world.tick(2 * HOUR);
    expect([await world.works(weak.key), await world.works(strong.key)]).toEqual([true, true]);
  });
});

test("whose secret a key was told by rotating it is among what its revocation asks for", async () => {
  const world = await keyWorld();
  const leaked = await world.make({ scopes: DEPLOYER });
  const other = await world.make({ scopes: ["incidents:write", "keys:read"] });
  const stolen = madeSchema.parse((await world.as(leaked.key, "POST", `/api_keys/${other.id}/rotate`, {})).json);
  expect((await world.get(`/api_keys/${other.id}`)).json).toMatchObject({
    created_by: "operator",
    rotated_by: leaked.id,
  });
  refusedWith(await world.remove(`/api_keys/${leaked.id}`), 422, "made");
  expect((await world.remove(`/api_keys/${leaked.id}?made=revoke`)).json).toEqual({ revoked: [other.id, leaked.id] });
  expect(await world.works(stolen.key)).toBe(false);
  expect(JSON.parse(world.logged.findLast((line) => line.includes('"status":200')) ?? "")).toMatchObject({
    did: "DELETE /pages/{page}/api_keys/{api_key}",
    api_key: leaked.id,
    revoked: `${other.id} ${leaked.id}`,
  });
});

test("another page's key is 404, and so is what is no id", async () => {
  const world = await keyWorld();
  await world.addKey("abcdefghijkl", ["pages:read"], { pageId: "otherpage000" });
  for (const id of ["abcdefghijkl", "nosuchkey000", "x".repeat(3_000)]) {
    expect((await world.get(`/api_keys/${id}`)).status).toBe(404);
    expect((await world.remove(`/api_keys/${id}`)).status).toBe(404);
  }
});

test.each<[string, string, ApiScope]>([
  ["GET", "/api_keys", "keys:read"],
  ["POST", "/api_keys", "keys:write"],
  ["PATCH", "/api_keys/abcdefghijkl", "keys:write"],
  ["POST", "/api_keys/abcdefghijkl/rotate", "keys:write"],
  ["DELETE", "/api_keys/abcdefghijkl", "keys:write"],
])("%s %s needs %s", async (method, path, scope) => {
  const world = await keyWorld();
  await world.addKey(
    "without",
    apiScopes.filter((each) => each !== scope),
  );
  expect(await world.as(`tcn_without_${SECRET}`, method, path)).toMatchObject({ status: 403 });
});
