import { describe, expect, test } from "vitest";
import { z } from "zod";
import { webhookSecret } from "../../../functions/core/webhook-signature.ts";
import { RUN_LEASE_MS } from "../../../functions/store/access/access-items.ts";
import { idOf, manageWorld, PAGE, START } from "./manage-world.ts";

const importAnswer = z.object({ rows: z.array(z.object({ outcome: z.string() })) });
const EMAIL = { email: "Ada@Example.org" };

describe("webhook", () => {
  test("an endpoint in quarantine comes back when it is subscribed anew", async () => {
    const world = await manageWorld();
    const subscriber = { endpoint: "https://hooks.example.org/" };
    const id = idOf(await world.post("/subscribers", { subscriber }));
    await world.subscribers.changeState(PAGE.id, "webhook", id, { from: ["active"], to: "quarantined" }, 1);
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
  await world.subscribers.changeState(PAGE.id, "webhook", idOf(first), { from: ["active"], to: "unconfirmed" }, START);
  const again = await world.post("/subscribers", { subscriber: { endpoint } });
  expect(again).toMatchObject({ status: 201, json: { id: idOf(first), state: "active" } });
  const secret = z.object({ signing_secret: z.string() });
  expect(secret.parse(again.json)).not.toEqual(secret.parse(first.json));
});
