import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressMac } from "../../../functions/core/address-mac.ts";
import { parseConfirmToken } from "../../../functions/core/confirm-token.ts";
import { webhookSecret } from "../../../functions/core/webhook-signature.ts";
import { RUN_LEASE_MS } from "../../../functions/store/access/access-items.ts";
import { aSubscriber } from "../../contract/samples.ts";
import { idOf, idsOf, manageWorld, PAGE, START } from "./manage-world.ts";

const importAnswer = z.object({ rows: z.array(z.object({ outcome: z.string() })) });
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

describe("webhook", () => {
  test("an endpoint in quarantine comes back when it is subscribed anew", async () => {
    const world = await manageWorld();
    const subscriber = { endpoint: "https://hooks.example.org/" };
    const id = idOf(await world.post("/subscribers", { subscriber }));
    await world.subscribers.changeState(PAGE.id, "webhook", id, ["active"], "quarantined", 1);
    const back = await world.post("/subscribers", { subscriber });
    expect(back).toMatchObject({ status: 201, json: { id, state: "active", quarantined_at: null } });
  });

  test("the signing secret is shown on creation only", async () => {
    const world = await manageWorld();
    const subscriber = { endpoint: "https://hooks.example.org:8443/in?key=1#top", email: "ops@example.org" };
    const reply = await world.post("/subscribers", { subscriber });
    const id = idOf(reply);
    const secret = webhookSecret(await world.access.currentSigningKey(PAGE.id), PAGE.id, id, 1);
    expect(reply).toMatchObject({
      status: 201,
      json: {
        mode: "webhook",
        state: "active",
        endpoint: "https://hooks.example.org:8443/in?key=1",
        email: "ops@example.org",
        signing_secret: secret,
      },
    });
    for (const later of [
      await world.get(`/subscribers/${id}`),
      await world.get("/subscribers"),
      await world.remove(`/subscribers/${id}`),
    ]) {
      expect(later.text).not.toContain("signing_secret");
      expect(later.text).not.toContain(secret);
    }
  });

  test("its secret is rotated, and shown that one time; under one Idempotency-Key once only", async () => {
    const world = await manageWorld();
    const key = { "idempotency-key": "rotation-1" };
    const id = idOf(await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/in" } }));
    const secret = async (version: number) =>
      webhookSecret(await world.access.currentSigningKey(PAGE.id), PAGE.id, id, version);
    const rotated = await world.post(`/subscribers/${id}/rotate_secret`, {}, key);
    expect(rotated).toMatchObject({ status: 201, json: { id, signing_secret: await secret(2) } });
    expect(await world.subscribers.get(PAGE.id, "webhook", id)).toMatchObject({
      secretVersion: 2,
      rotation: { at: world.deps.clock() },
    });
    expect((await world.post(`/subscribers/${id}/rotate_secret`, {}, key)).json).toEqual(rotated.json);
    expect((await world.get(`/subscribers/${id}`)).text).not.toContain("whsec_");
    expect(await world.post(`/subscribers/${id}/rotate_secret`, {})).toMatchObject({
      json: { signing_secret: await secret(3) },
    });
  });

  test("a rotation whose answer was lost on the way is not made twice", async () => {
    const world = await manageWorld();
    const key = { "idempotency-key": "rotation-1" };
    const id = idOf(await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/in" } }));
    const complete = world.access.completeIdempotent;
    world.access.completeIdempotent = () => Promise.reject(new Error("died"));
    await world.post(`/subscribers/${id}/rotate_secret`, {}, key);
    world.access.completeIdempotent = complete;
    world.tick(RUN_LEASE_MS);
    expect((await world.post(`/subscribers/${id}/rotate_secret`, {}, key)).status).toBe(201);
    expect(await world.subscribers.get(PAGE.id, "webhook", id)).toMatchObject({ secretVersion: 2 });
  });

  test("a rotation that the store was asked for twice, its first answer lost, is told as made", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/in" } }));
    const rotate = world.subscribers.rotateSecret;
    world.subscribers.rotateSecret = async (...given) => {
      await rotate(...given);
      return rotate(...given);
    };
    expect((await world.post(`/subscribers/${id}/rotate_secret`, {})).status).toBe(201);
    world.subscribers.rotateSecret = async (pageId, subscriberId, from) => {
      await rotate(pageId, subscriberId, from, { id: "anotherone00", at: 1 });
      return rotate(pageId, subscriberId, from, { id: "thisone00000", at: 1 });
    };
    expect((await world.post(`/subscribers/${id}/rotate_secret`, {})).status).toBe(409);
  });

  test("only a webhook has a secret to rotate", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: EMAIL }));
    expect(await world.post(`/subscribers/${id}/rotate_secret`, {})).toMatchObject({
      status: 422,
      json: { error: "Only a webhook subscriber has a signing secret" },
    });
    expect((await world.post("/subscribers/nobody000000/rotate_secret", {})).status).toBe(404);
  });

  test.each([
    "http://hooks.example.org/",
    "https://user:pass@hooks.example.org/",
    "https://user@hooks.example.org/",
    "https://hooks.example.org:8080/",
    "ftp://hooks.example.org/",
    "javascript:alert(1)",
    "hooks.example.org",
    "https://",
    `https://hooks.example.org/${"x".repeat(2_000)}`,
  ])("refuses %s", async (endpoint) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/subscribers", { subscriber: { endpoint } });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "subscriber.endpoint" }] } });
    expect(await world.snapshot()).toEqual(before);
  });

  test.each([
    ["https://hooks.example.org/a;=cmd|'/C calc'!A0", "https://hooks.example.org/a%3B=cmd|'/C%20calc'!A0"],
    ["https://hooks.example.org/?a;b=;", "https://hooks.example.org/?a%3Bb=%3B"],
  ])("a semicolon would begin a cell in an export: %s", async (given, stored) => {
    const endpoint = given.replaceAll(" ", "%20");
    const world = await manageWorld();
    const added = await world.post("/subscribers", { subscriber: { endpoint } });
    expect(added).toMatchObject({ status: 201, json: { endpoint: stored } });
    const { rows } = importAnswer.parse(
      (await world.post("/subscribers/import", { subscribers: [{ endpoint }] })).json,
    );
    expect(rows).toMatchObject([{ outcome: "exists" }]);
    expect((await world.post("/subscribers/erase", { endpoint })).status).toBe(200);
  });

  test.each(["https://a;b.example.org/", "https://a$b.example.org/", "https://*.example.org/"])(
    "a host whose name is no name: %s",
    async (endpoint) => {
      const { post } = await manageWorld();
      const reply = await post("/subscribers", { subscriber: { endpoint } });
      expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "subscriber.endpoint" }] } });
    },
  );

  test("one of an earlier version that has a semicolon can be erased", async () => {
    const world = await manageWorld();
    const made = await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/a%3Bb" } });
    const { id } = z.object({ id: z.string() }).parse(made.json);
    const found = await world.subscribers.get(PAGE.id, "webhook", id);
    if (found?.channel !== "webhook") throw new Error("there is no such endpoint");
    await world.subscribers.remove(PAGE.id, "webhook", id);
    await world.subscribers.create({ ...found, endpoint: "https://hooks.example.org/a;b" });
    expect((await world.post("/subscribers/erase", { endpoint: "https://hooks.example.org/a;b" })).status).toBe(200);
  });

  test("where any target is allowed, http and any port too, but still no user info", async () => {
    const { post } = await manageWorld({ webhookTargets: "any" });
    expect((await post("/subscribers", { subscriber: { endpoint: "http://127.0.0.1:4000/hook" } })).status).toBe(201);
    expect((await post("/subscribers", { subscriber: { endpoint: "http://a@127.0.0.1:4000/hook" } })).status).toBe(422);
  });
});

describe("sms", () => {
  test.each([
    ["as dialled in its country", { phone_country: "de", phone_number: "01512 3456789" }],
    ["in full", { phone_number: "+49 1512 3456789" }],
    ["both", { phone_country: "DE", phone_number: "+4915123456789" }],
  ])("%s", async (_how, subscriber) => {
    const { post } = await manageWorld();
    expect(await post("/subscribers", { subscriber })).toMatchObject({
      status: 201,
      json: {
        mode: "sms",
        state: "active",
        phone_number: "+4915123456789",
        phone_country: "DE",
        display_phone_number: "+49 1512 3456789",
      },
    });
  });

  // Countries that share a calling code: what was given reads the number, what the number says is stored.
  test.each([
    ["GB", "07797 712345", "+447797712345", "JE"],
    ["GB", "+44 7781 123456", "+447781123456", "GG"],
    ["GB", "07624 123456", "+447624123456", "IM"],
    ["uk", "07400 123456", "+447400123456", "GB"],
    ["JE", "07400 123456", "+447400123456", "GB"],
    ["US", "416 555 1234", "+14165551234", "CA"],
    ["CA", "+1 876 555 1234", "+18765551234", "JM"],
    ["RU", "8 701 234 56 78", "+77012345678", "KZ"],
    ["KZ", "+7 916 123 45 67", "+79161234567", "RU"],
    ["VA", "347 123 4567", "+393471234567", "IT"],
    ["CX", "0412 345 678", "+61412345678", "AU"],
    ["AX", "041 2345678", "+358412345678", "FI"],
    ["RE", "0639 01 23 45", "+262639012345", "YT"],
    [undefined, "+44 7797 712345", "+447797712345", "JE"],
  ])("of %s, %s is %s of %s", async (phone_country, given, phone_number, country) => {
    const number = { ...(phone_country === undefined ? {} : { phone_country }), phone_number: given };
    const allowed = await manageWorld({ smsCountries: new Set([country]) });
    expect(await allowed.post("/subscribers", { subscriber: number })).toMatchObject({
      status: 201,
      json: { phone_number, phone_country: country },
    });
    // Where only a neighbour under the same calling code may be sent SMS, its price is no price of this number.
    const neighbour = new Set(["DE", ...(phone_country === undefined ? [] : [phone_country.toUpperCase()])]);
    neighbour.delete(country);
    const refusing = await manageWorld({ smsCountries: neighbour });
    if (phone_country === "uk") return;
    const reply = await refusing.post("/subscribers", { subscriber: number });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "subscriber.phone_number" }] } });
    expect(await refusing.subscribers.list(PAGE.id, "sms", 10, null)).toMatchObject({ items: [] });
  });

  test.each([
    ["phone_number", { phone_country: "DE", phone_number: "12" }],
    ["phone_number", { phone_country: "DE", phone_number: "call me 01512 3456789" }],
    ["phone_number", { phone_country: "DE", phone_number: "+4930123456" }],
    ["phone_country", { phone_number: "01512 3456789" }],
    ["phone_country", { phone_country: "Germany", phone_number: "01512 3456789" }],
    ["phone_country", { phone_country: "US", phone_number: "2015550123" }],
    ["phone_number", { phone_number: "+12015550123" }],
    ["phone_number", { phone_country: "AT", phone_number: "+4915123456789" }],
    ["phone_number", { phone_number: "+4915123456789", email: "a@example.org" }],
  ])("422 names %s of %j", async (field, subscriber) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post("/subscribers", { subscriber });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: `subscriber.${field}` }] } });
    expect(await world.snapshot()).toEqual(before);
  });
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

describe("lists and counts", () => {
  async function crowd() {
    const world = await manageWorld();
    for (let count = 0; count < 7; count += 1) {
      await world.post("/subscribers", { subscriber: { email: `p${count}@example.org`, ...ACTIVE } });
      world.tick(1);
    }
    await world.post("/subscribers", { subscriber: { email: "new@example.org" } });
    await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/" } });
    return world;
  }

  test("active by default, by type and state, paged from 0", async () => {
    const { get } = await crowd();
    const count = async (query: string) => idsOf(await get(`/subscribers${query}`)).length;
    expect(await count("")).toBe(8);
    expect(await count("?type=email")).toBe(7);
    expect(await count("?type=slack")).toBe(0);
    expect(await count("?state=unconfirmed")).toBe(1);
    expect(await count("?state=all")).toBe(9);
    expect(await count("?q=P3@")).toBe(1);
    const all = idsOf(await get("/subscribers"));
    const pages = [
      idsOf(await get("/subscribers?limit=3&page=0")),
      idsOf(await get("/subscribers?limit=3&page=1")),
      idsOf(await get("/subscribers?limit=3&page=2")),
    ];
    expect(pages.flat()).toEqual(all);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 2]);
  });

  test("sorted on request", async () => {
    const { get } = await crowd();
    const emails = async (query: string) =>
      z
        .array(z.object({ email: z.string() }))
        .parse((await get(`/subscribers?type=email&${query}`)).json)
        .map(({ email }) => email[1]);
    expect(await emails("sort_field=primary")).toEqual([..."0123456"]);
    expect(await emails("sort_field=created_at&sort_direction=desc")).toEqual([..."6543210"]);
  });

  test("counts", async () => {
    const { get } = await crowd();
    const none = { integration_partner: 0, slack: 0, teams: 0 };
    expect((await get("/subscribers/count")).json).toEqual({ email: 7, sms: 0, webhook: 1, ...none });
    expect((await get("/subscribers/count?state=all")).json).toEqual({ email: 8, sms: 0, webhook: 1, ...none });
    expect((await get("/subscribers/count?type=webhook")).json).toEqual({ email: 0, sms: 0, webhook: 1, ...none });
  });

  test.each(["type=pigeon", "state=asleep", "limit=many", "sort_field=age", "sort_direction=up"])(
    "422 for %s",
    async (query) => {
      const { get } = await manageWorld();
      const field = query.split("=")[0];
      expect(await get(`/subscribers?${query}`)).toMatchObject({ status: 422, json: { details: [{ field }] } });
    },
  );
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

test("an endpoint subscribed anew keeps its id and its secret, and nothing else of its old life", async () => {
  const world = await manageWorld();
  const endpoint = "https://hooks.example.org/in";
  const first = await world.post("/subscribers", { subscriber: { endpoint, email: "old@example.org" } });
  const id = idOf(first);
  const health = { version: 1, failures: 9, since: 1, failedAt: 2, nextAttemptAt: START + 9e6, probeUntil: null };
  await world.subscribers.saveHealth(PAGE.id, id, null, health);
  const failing = await world.subscribers.get(PAGE.id, "webhook", id);
  if (failing === null) throw new Error("no endpoint");
  await world.subscribers.replace(failing, { ...failing, state: "quarantined", quarantinedAt: START, pausedAt: START });

  const again = await world.post("/subscribers", { subscriber: { endpoint, email: "new@example.org" } });
  expect(idOf(again)).toBe(id);
  expect(again.json).toMatchObject({
    signing_secret: z.object({ signing_secret: z.string() }).parse(first.json).signing_secret,
  });
  const found = await world.subscribers.get(PAGE.id, "webhook", id);
  expect(found).toMatchObject({
    state: "active",
    pausedAt: null,
    quarantinedAt: null,
    contactEmail: "new@example.org",
  });
  expect(found).not.toHaveProperty("health");
});

test("an endpoint that a stranger registered and nobody confirmed is the operator's to add, with a secret of its own", async () => {
  const world = await manageWorld();
  const endpoint = "https://hooks.example.org/in";
  const first = await world.post("/subscribers", { subscriber: { endpoint } });
  await world.subscribers.changeState(PAGE.id, "webhook", idOf(first), ["active"], "unconfirmed", START);
  const again = await world.post("/subscribers", { subscriber: { endpoint } });
  expect(again).toMatchObject({ status: 201, json: { id: idOf(first), state: "active" } });
  const secret = z.object({ signing_secret: z.string() });
  expect(secret.parse(again.json)).not.toEqual(secret.parse(first.json));
});
