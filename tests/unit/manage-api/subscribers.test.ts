import { describe, expect, test } from "vitest";
import { addressMac } from "../../../functions/core/address-mac.ts";
import { parseConfirmToken } from "../../../functions/core/confirm-token.ts";
import { aSubscriber } from "../../contract/samples.ts";
import { idOf, idsOf, manageWorld, PAGE } from "./manage-world.ts";

const EMAIL = { email: "Ada@Example.org" };
const ACTIVE = { skip_confirmation_notification: true };

describe("email", () => {
  test("has to be confirmed: a token goes out, its hash alone is stored", async () => {
    const world = await manageWorld();
    const reply = await world.post("/subscribers", { subscriber: EMAIL });
    const id = idOf(reply);
    expect(reply).toMatchObject({
      status: 201,
      json: {
        mode: "email",
        state: "unconfirmed",
        email: "Ada@Example.org",
        endpoint: null,
        phone_number: null,
        components: [],
        quarantined_at: null,
        quarantine_reason: null,
        created_at: "2025-07-07T12:05:00.000+02:00",
      },
    });
    expect(reply.text).not.toContain("signing_secret");
    expect(world.mails).toMatchObject([
      { kind: "letter", letter: { about: "confirmation" }, channel: "email", subscriberId: id },
    ]);
    const token = world.mails[0]?.raw.split(": ")[1] ?? "";
    const stored = await world.subscribers.get(PAGE.id, "email", id);
    expect(token).toMatch(/^[a-z0-9]{12}\.e\.[a-z0-9]{12}\.[A-Za-z0-9_-]{43}$/);
    expect(stored).toMatchObject({ state: "unconfirmed", confirmedAt: null, scopes: { page: true } });
    expect(parseConfirmToken(token)).toMatchObject({ subscriberId: id, hash: stored?.confirmTokenHash });
    expect(JSON.stringify(stored)).not.toContain(token.slice(-43));
  });

  test("skip_confirmation_notification makes it active at once, with no mail", async () => {
    const world = await manageWorld();
    const reply = await world.post("/subscribers", { subscriber: { ...EMAIL, ...ACTIVE } });
    expect(reply.json).toMatchObject({ state: "active" });
    expect(world.mails).toEqual([]);
    expect(await world.subscribers.get(PAGE.id, "email", idOf(reply))).toMatchObject({
      confirmedAt: world.deps.clock(),
    });
  });

  test("an address has one subscriber, however it is written", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: { ...EMAIL, ...ACTIVE } }));
    expect(await world.post("/subscribers", { subscriber: { email: " ada@example.ORG " } })).toMatchObject({
      status: 422,
      json: { error: "subscriber.email is subscribed already", details: [{ field: "subscriber.email" }] },
    });
    expect(idsOf(await world.get("/subscribers?state=all"))).toEqual([id]);
  });

  test("who had left comes back under the old id, and confirms again", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: { ...EMAIL, ...ACTIVE } }));
    await world.remove(`/subscribers/${id}`);
    const web = await world.component("Web");
    const back = await world.post("/subscribers", { subscriber: { ...EMAIL, component_ids: [web] } });
    expect(back).toMatchObject({ status: 201, json: { id, state: "unconfirmed", components: [web] } });
    expect(world.mails).toHaveLength(1);
  });

  test("the confirmation can be sent again, which voids the first link", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: EMAIL }));
    const first = (await world.subscribers.get(PAGE.id, "email", id))?.confirmTokenHash;
    expect((await world.post(`/subscribers/${id}/resend_confirmation`, {})).status).toBe(201);
    expect(world.mails).toHaveLength(2);
    expect((await world.subscribers.get(PAGE.id, "email", id))?.confirmTokenHash).not.toBe(first);
    const active = idOf(await world.post("/subscribers", { subscriber: { email: "b@example.org", ...ACTIVE } }));
    expect((await world.post(`/subscribers/${active}/resend_confirmation`, {})).status).toBe(422);
    expect((await world.post("/subscribers/nosuchthing0/resend_confirmation", {})).status).toBe(404);
  });
});

test("an address whose holder had not asked for it is refused, under whatever tag", async () => {
  const world = await manageWorld();
  const mac = addressMac(await world.access.currentSigningKey(PAGE.id), "email", "ada@example.org");
  await world.subscribers.block(PAGE.id, "email", mac, "not asked for", 1);
  const incident = await world.incident();
  for (const path of ["/subscribers", `/incidents/${incident}/subscribers`]) {
    for (const email of ["Ada@example.org", "ada+status@example.org"]) {
      for (const more of [{}, ACTIVE]) {
        expect(await world.post(path, { subscriber: { email, ...more } })).toMatchObject({
          status: 422,
          json: { details: [{ field: "subscriber.email", problem: expect.stringContaining("blocked") }] },
        });
      }
    }
  }
  expect(world.mails).toEqual([]);
  expect(idsOf(await world.get("/subscribers?state=all"))).toEqual([]);
});

test("whoever complained and then left is not brought back, vouched for or not", async () => {
  const world = await manageWorld();
  const one = aSubscriber(PAGE.id, { state: "quarantined", quarantinedAt: 1, quarantineReason: "complaint" });
  await world.subscribers.create(one);
  await world.remove(`/subscribers/${one.id}`);
  const incident = await world.incident();
  for (const path of ["/subscribers", `/incidents/${incident}/subscribers`]) {
    for (const more of [{}, ACTIVE]) {
      expect(await world.post(path, { subscriber: { email: one.email, ...more } })).toMatchObject({
        status: 422,
        json: { details: [{ field: "subscriber.email", problem: expect.stringContaining("complained") }] },
      });
    }
  }
  expect(await world.subscribers.get(PAGE.id, "email", one.id)).toMatchObject({
    state: "unsubscribed",
    quarantineReason: "complaint",
    scopes: one.scopes,
  });
  expect(world.mails).toEqual([]);
});

describe("what anybody may ask for", () => {
  test.each([
    ["subscriber.email", {}],
    ["subscriber.email", { email: "nobody" }],
    ["subscriber.email", { email: "a@example.org\r\nBcc: b@example.org" }],
    ["subscriber.email", { email: `${"a".repeat(250)}@example.org` }],
    ["subscriber.component_ids", { ...EMAIL, component_ids: [] }],
    ["subscriber.component_ids", { ...EMAIL, component_ids: ["nosuchthing0"] }],
    ["subscriber.component_ids", { ...EMAIL, component_ids: "all" }],
  ])("422 names %s of %j and stores nothing", async (field, subscriber) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/subscribers", { subscriber });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await world.snapshot()).toEqual(before);
  });

  test("some components instead of the page, changed later", async () => {
    const world = await manageWorld();
    const [a, b] = [await world.component("a"), await world.component("b")];
    const id = idOf(await world.post("/subscribers", { subscriber: { ...EMAIL, ...ACTIVE, component_ids: [a] } }));
    expect((await world.get(`/subscribers/${id}`)).json).toMatchObject({ components: [a] });
    expect(await world.patch(`/subscribers/${id}`, { component_ids: [b] })).toMatchObject({
      status: 200,
      json: { components: [b] },
    });
    expect(await world.subscribers.get(PAGE.id, "email", id)).toMatchObject({
      scopes: { page: false, components: [b] },
    });
    expect((await world.patch(`/subscribers/${id}`, { component_ids: ["nosuchthing0"] })).status).toBe(422);
    expect((await world.patch(`/subscribers/${id}`, {})).status).toBe(422);
  });

  test("unsubscribed twice is unsubscribed; unknown is 404", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: { ...EMAIL, ...ACTIVE } }));
    for (let time = 0; time < 2; time += 1) {
      const path = `/subscribers/${id}?skip_unsubscription_notification=true`;
      expect(await world.remove(path)).toMatchObject({ status: 200, json: { id, state: "unsubscribed" } });
    }
    expect(idsOf(await world.get("/subscribers"))).toEqual([]);
    expect(idsOf(await world.get("/subscribers?state=unsubscribed"))).toEqual([id]);
    for (const reply of [
      await world.get("/subscribers/nosuchthing0"),
      await world.remove("/subscribers/nosuchthing0"),
    ]) {
      expect(reply).toMatchObject({ status: 404, json: { error: "There is no such subscriber" } });
    }
  });
});

describe("subscribers of one incident", () => {
  test("joined, listed, left", async () => {
    const world = await manageWorld();
    const incident = await world.incident();
    const path = `/incidents/${incident}/subscribers`;
    const fresh = idOf(await world.post(path, { subscriber: { ...EMAIL, ...ACTIVE } }));
    expect(await world.subscribers.get(PAGE.id, "email", fresh)).toMatchObject({
      scopes: { page: false, components: [], incidents: [incident] },
    });
    const whole = idOf(await world.post("/subscribers", { subscriber: { email: "b@example.org", ...ACTIVE } }));
    expect(idOf(await world.post(path, { subscriber: { email: "b@example.org" } }))).toBe(whole);
    expect(idsOf(await world.get(path)).sort()).toEqual([fresh, whole].sort());
    expect(idsOf(await world.get(`${path}?per_page=1&page=2`))).toHaveLength(1);
    expect((await world.get(`${path}/${fresh}`)).json).toMatchObject({ id: fresh });

    expect((await world.remove(`${path}/${whole}`)).json).toMatchObject({ state: "active" });
    expect((await world.remove(`${path}/${fresh}`)).json).toMatchObject({ state: "unsubscribed" });
    expect((await world.get(`${path}/${whole}`)).status).toBe(404);
    expect((await world.remove(`${path}/nosuchthing0`)).status).toBe(404);
  });

  test("a webhook that is subscribed already does not show its secret again", async () => {
    const world = await manageWorld();
    const incident = await world.incident();
    const subscriber = { endpoint: "https://hooks.example.org/" };
    await world.post("/subscribers", { subscriber });
    const reply = await world.post(`/incidents/${incident}/subscribers`, { subscriber });
    expect(reply.status).toBe(201);
    expect(reply.text).not.toContain("signing_secret");
  });

  test("refusals", async () => {
    const world = await manageWorld();
    const incident = await world.incident();
    const unconfirmed = idOf(await world.post(`/incidents/${incident}/subscribers`, { subscriber: EMAIL }));
    const resend = `/incidents/${incident}/subscribers/${unconfirmed}/resend_confirmation`;
    expect((await world.post(resend, {})).status).toBe(201);
    expect(world.mails).toHaveLength(2);
    expect((await world.post("/incidents/nosuchthing0/subscribers", { subscriber: EMAIL })).status).toBe(404);
    const withComponents = { email: "c@example.org", component_ids: ["abcdefghijkl"] };
    expect((await world.post(`/incidents/${incident}/subscribers`, { subscriber: withComponents })).status).toBe(422);
  });
});
