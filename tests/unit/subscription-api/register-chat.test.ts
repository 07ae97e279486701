import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { linkIn, PAGE_ID, START } from "./subscription-world.ts";
import { webhookWorld } from "./webhook-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";

// The library verifies by the real clock.
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ["Date"] }));

afterEach(() => vi.useRealTimers());

describe("a chat's webhook", () => {
  test("is posted a first post, and is active once its contact has confirmed it", async () => {
    const world = await webhookWorld();
    const { reply } = await world.register({ endpoint: SLACK });
    expect(reply.json).toMatchObject({ format: "slack", signing_secret: null, confirmed_by: "mail to the contact" });
    const [mail] = await world.work();
    expect(world.posted).toHaveLength(1);
    expect(JSON.parse(world.posted[0]?.body ?? "")).toMatchObject({ text: expect.stringContaining("DRACOON") });
    const confirm = linkIn(mail, "confirm");
    const asked = await world.send("GET", confirm);
    expect(asked.status).toBe(200);
    expect(asked.text).toContain("Slack");
    expect(asked.text).toContain("hooks.slack.com");
    expect(asked.text).not.toContain("secret");
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unconfirmed" });
    expect((await world.send("POST", confirm)).text).toContain("Updates are posted to Slack");
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active", format: "slack" });
  });

  test("that refused its first post has nobody asked to confirm it, and its portal says why", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "no_service" }));
    await world.register({ endpoint: SLACK });
    expect(await world.work()).toEqual([]);
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: SLACK } });
    const portal = linkIn((await world.work())[0], "portal");
    expect((await world.send("GET", portal)).text).toContain("was refused with HTTP 404");
    world.answers(() => ({ status: 200, text: "ok" }));
    world.tick(HOUR);
    await world.send("POST", `${portal}/challenge`, { json: {} });
    const confirm = linkIn((await world.work())[0], "confirm");
    await world.send("POST", confirm);
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active" });
  });

  test("that is active is really posted a test, and the portal shows how it went", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: SLACK } });
    const portal = linkIn((await world.work())[0], "portal");
    world.posted.length = 0;
    world.answers(() => ({ status: 403, text: "invalid_token" }));
    expect((await world.send("POST", `${portal}/test`, { json: {} })).status).toBe(202);
    await world.work();
    expect(world.posted).toHaveLength(1);
    expect(world.posted[0]?.body).toContain("Nothing has happened");
    expect(JSON.parse(world.posted[0]?.body ?? "")).toHaveProperty("blocks");
    const shown = await world.send("GET", portal, { headers: { accept: "application/json" } });
    expect(shown.json).toMatchObject({
      deliveries: [{ kind: "test", state: "failed", exchanges: [{ status: 403 }] }, { kind: "hello" }],
    });
  });

  test("whose host has no place left is told so, and stays unconfirmed", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    const confirm = linkIn((await world.work())[0], "confirm");
    const hook = await world.find("webhook", SLACK);
    if (hook?.channel !== "webhook") throw new Error("no hook");
    for (let made = 0; made < 500; made += 1) {
      const id = `endpoint${String(made).padStart(4, "0")}`;
      await world.subscribers.create({ ...hook, id, endpoint: `${SLACK}${made}`, confirmTokenHash: "aa" });
      await world.subscribers.confirmEndpoint(PAGE_ID, id, "aa", 500, START);
    }
    const reply = await world.send("POST", confirm);
    expect(reply).toMatchObject({ status: 409, text: expect.stringContaining("no place left") });
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unconfirmed" });
  });

  test("whose contact has had their one letter is answered as any, and mails nobody", async () => {
    const world = await webhookWorld();
    await world.register();
    await world.work();
    world.tick(24 * HOUR);
    expect((await world.register({ endpoint: SLACK })).reply.status).toBe(201);
    expect(await world.work()).toEqual([]);
  });
});
