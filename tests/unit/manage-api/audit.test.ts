import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { manageWorld, PAGE, SECRET } from "./manage-world.ts";

const lineSchema = z.looseObject({ message: z.string() });
const idSchema = z.object({ id: z.string() });
const ANNA = "anna@subscriber.example";

function auditLines(logged: readonly string[]) {
  return logged.map((line) => lineSchema.parse(JSON.parse(line))).filter(({ message }) => message === "audit");
}

async function worldWithAnna() {
  const world = await manageWorld();
  const created = await world.post("/subscribers", {
    subscriber: { email: ANNA, skip_confirmation_notification: true },
  });
  return { ...world, id: idSchema.parse(created.json).id };
}

it("says which key did what to which ids, and nothing that was said or to whom", async () => {
  const world = await worldWithAnna();
  const { id } = world;
  await world.remove(`/subscribers/${id}`);
  expect(auditLines(world.logged)).toMatchObject([
    { keyId: "operator", did: "POST /pages/{page}/subscribers", page: PAGE.id, id, status: 201 },
    { keyId: "operator", did: "DELETE /pages/{page}/subscribers/{subscriber}", subscriber: id },
  ]);
  expect(world.logged.join()).not.toContain("anna@");
});

it("says who read whom, of every answer with an address in it, and not what was searched for", async () => {
  const world = await worldWithAnna();
  const { id } = world;
  const incident = await world.incident();
  const updates = await world.get(`/incidents/${incident}`);
  const update = z.object({ incident_updates: z.tuple([idSchema]) }).parse(updates.json).incident_updates[0].id;
  const reads = [
    "/subscribers",
    `/subscribers?q=${ANNA}`,
    `/subscribers/${id}`,
    "/subscribers/export",
    `/subscribers/${id}/deliveries`,
    `/incidents/${incident}/incident_updates/${update}/deliveries/problems`,
  ];
  for (const path of reads) {
    world.logged.length = 0;
    expect((await world.get(path)).status, path).toBe(200);
    expect(auditLines(world.logged), path).toMatchObject([{ keyId: "operator", did: expect.stringMatching(/^GET /) }]);
    expect(world.logged.join()).not.toContain("anna");
  }
  world.logged.length = 0;
  for (const path of ["", "/components", "/incidents"]) expect((await world.get(path)).text).not.toContain("anna");
  expect(auditLines(world.logged)).toEqual([]);
});

it("says who looked for somebody who is not there, and whom they looked for to nobody", async () => {
  const world = await worldWithAnna();
  world.logged.length = 0;
  expect((await world.post("/subscribers/erase", { email: "bob@subscriber.example" })).status).toBe(404);
  expect((await world.get("/subscribers/nosuchsubscr")).status).toBe(404);
  expect((await world.get("/components/nosuchcompon")).status).toBe(404);
  expect(auditLines(world.logged)).toMatchObject([
    { keyId: "operator", did: "POST /pages/{page}/subscribers/erase", status: 404 },
    { keyId: "operator", did: "GET /pages/{page}/subscribers/{subscriber}", status: 404 },
  ]);
  expect(world.logged.join()).not.toContain("bob@");
});

it("says what a key asked for that ended in a fault of ours, for something may have been stored before", async () => {
  const status = memoryStatusStore({ putNotice: () => {} });
  const world = await manageWorld({
    status: {
      ...status,
      getPage: async () => PAGE,
      getCatalog: async () => {
        throw new Error("the table is gone");
      },
    },
  });
  expect((await world.post("/incidents", { incident: { name: "x", body: "y" } })).status).toBe(500);
  expect(auditLines(world.logged)).toMatchObject([{ did: "POST /pages/{page}/incidents", status: 500 }]);
});

describe("keys that are refused", () => {
  it("leave a line with the reason, and never what was shown", async () => {
    const world = await manageWorld();
    await world.addKey("over", ["pages:read"], { expiresAt: 1 });
    await world.addKey("gone", ["pages:read"], { revokedAt: 1 });
    await world.addKey("small", ["pages:read"]);
    await world.addKey("elsewhere", ["pages:read"], { pageId: "otherpage000" });
    const shown = ["x", `tcn_nobody_${SECRET}`, "tcn_small_wrong"];
    for (const key of [...shown, `tcn_over_${SECRET}`, `tcn_gone_${SECRET}`, `tcn_elsewhere_${SECRET}`]) {
      await world.send("GET", world.at, { headers: { authorization: `OAuth ${key}` } });
    }
    await world.send("POST", `${world.at}/incidents`, { headers: { authorization: `OAuth tcn_small_${SECRET}` } });
    expect(auditLines(world.logged)).toMatchObject([
      { level: "warn", refused: "no key", keyId: null, did: "GET /pages/{page}", page: PAGE.id },
      { refused: "unknown key", keyId: null },
      { refused: "wrong secret", keyId: "small" },
      { refused: "expired", keyId: "over" },
      { refused: "revoked", keyId: "gone" },
      { refused: "another page", keyId: "elsewhere" },
      { refused: "lacks a scope", keyId: "small", scope: "incidents:write", did: "POST /pages/{page}/incidents" },
    ]);
    expect(world.logged.join()).not.toContain(SECRET);
    expect(world.logged.join()).not.toContain("nobody");
  });

  it("leave a bounded number of lines, whose last says how many there were within a factor of two", async () => {
    const world = await manageWorld();
    const flood = async () => {
      for (let times = 1; times <= 1_000; times += 1) {
        await world.raw("GET", `/v1${world.at}`, { headers: { authorization: `OAuth tcn_stranger${times}_x` } });
      }
    };
    await flood();
    expect(auditLines(world.logged)).toHaveLength(16);
    expect(auditLines(world.logged).at(-1)).toMatchObject({ refused: "unknown key", timesThisMinute: 512 });
    world.tick(60_000);
    await flood();
    expect(auditLines(world.logged)).toHaveLength(32);
  });
});
