import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newSubscriber } from "../../../functions/subscriptions/new-subscriber.ts";
import { PAGE_ID, START } from "./subscription-world.ts";
import { CONTACT, ENDPOINT, echoing, webhookWorld } from "./webhook-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";

/** Subscribed in every such world. */
const ADA = "ada@example.org";

// The library verifies by the real clock.
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ["Date"] }));

afterEach(() => vi.useRealTimers());

describe("caps", () => {
  test.each([
    ["ports", (made: number) => `https://receiver.example.org${made % 2 === 0 ? "" : ":8443"}/${made}`],
    ["a dot at its end", (made: number) => `https://receiver.example.org${made % 2 === 0 ? "" : "."}/${made}`],
  ])("of proven endpoints at one host, whatever its %s", async (_what, endpointOf) => {
    const world = await webhookWorld();
    const statuses: number[] = [];
    for (let made = 0; made < 21; made += 1) {
      statuses.push((await world.register({ endpoint: endpointOf(made) })).reply.status);
      await world.work();
      world.tick(HOUR / 2);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 422]);
    const { reply } = await world.register({ endpoint: endpointOf(21) });
    expect(reply.json).toMatchObject({ details: [{ field: "endpoint" }] });
    expect((await world.register({ endpoint: "https://other.example.org/" })).reply.status).toBe(201);
    // Who leaves makes room.
    const { items } = await world.subscribers.list(PAGE_ID, "webhook", 100, null);
    const gone = items.find(({ state }) => state === "active");
    await world.subscribers.changeState(
      PAGE_ID,
      "webhook",
      gone?.id ?? "",
      { from: ["active"], to: "unsubscribed" },
      START,
    );
    expect((await world.register({ endpoint: endpointOf(22) })).reply.status).toBe(201);
  });

  test("do not count what proved nothing, nor what an operator added", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "" }));
    for (let made = 0; made < 40; made += 1) {
      const endpoint = `https://receiver.example.org/stranger/${made}`;
      expect((await world.register({ endpoint })).reply.status).toBe(201);
      await world.work();
      world.tick(HOUR / 15);
    }
    for (let made = 0; made < 20; made += 1) {
      const contact = {
        channel: "webhook" as const,
        endpoint: `https://receiver.example.org/${made}`,
        contactEmail: null,
        format: "statuspage" as const,
      };
      const scopes = { page: true, components: [], incidents: [] };
      const id = `endpoint${String(made).padStart(4, "0")}`;
      await world.subscribers.create(
        newSubscriber({ pageId: PAGE_ID, id, contact, scopes, locale: "en", confirmed: true }, START),
      );
    }
    world.answers(echoing);
    world.tick(2 * HOUR);
    expect((await world.register()).reply.status).toBe(201);
    await world.work();
    expect(await world.stored()).toMatchObject({ state: "active" });
  });

  test("of posts at one registrable domain, whatever its hosts, and however often a challenge is repeated", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 500, text: "" }));
    for (let made = 0; made < 20; made += 1) {
      await world.register({ endpoint: `https://host${made}.victim.example/${made}`, email: `a${made}@example.net` });
    }
    for (let minutes = 0; minutes < 51; minutes += 1) {
      await world.work();
      world.tick(60_000);
    }
    expect(world.posted).toHaveLength(30);
    expect(world.queues.sent.filter(({ queue }) => queue === "webhookRetry")).toEqual([]);
  });

  test("of whoever registers an endpoint anew that somebody else proved are a stranger's", async () => {
    const world = await webhookWorld();
    for (let index = 0; index < 8; index += 1) {
      const endpoint = `https://h${index}.victim.example/`;
      await world.register({ endpoint });
      await world.work();
      const found = await world.find("webhook", endpoint);
      if (found === null) throw new Error("not registered");
      await world.subscribers.changeState(
        PAGE_ID,
        "webhook",
        found.id,
        { from: ["active"], to: "quarantined" },
        world.now(),
      );
      world.tick(HOUR);
    }
    world.answers(() => ({ status: 500, text: "" }));
    world.posted.length = 0;
    for (let index = 0; index < 40; index += 1) {
      const [endpoint, source] = [`https://h${index % 8}.victim.example/`, `2001:db8:${index}::1`];
      await world.send("POST", "/subscriptions/webhooks", { json: { endpoint, email: CONTACT }, source });
      await world.work();
    }
    expect(world.posted).toHaveLength(30);
  });

  test("take nothing from whoever proved an endpoint, and asks for its challenge to bring it back", async () => {
    const world = await webhookWorld();
    const portal = await world.open();
    const { id } = await world.stored();
    await world.subscribers.changeState(PAGE_ID, "webhook", id, { from: ["active"], to: "quarantined" }, world.now());
    world.answers(() => ({ status: 500, text: "" }));
    const { hostname } = new URL(ENDPOINT);
    for (let index = 0; index < 40; index += 1) {
      const [endpoint, source] = [index < 6 ? ENDPOINT : `https://${hostname}/${index}`, `2001:db8:${index}::1`];
      await world.send("POST", "/subscriptions/webhooks", { json: { endpoint, email: "x@example.net" }, source });
      await world.work();
    }
    world.answers(echoing);
    expect((await world.send("POST", `${portal}/challenge`, { json: {} })).status).toBe(202);
    await world.work();
    expect(await world.stored()).toMatchObject({ id, state: "active" });
  });

  test("of forty that prove themselves at once, twenty get a place", async () => {
    const world = await webhookWorld();
    for (let made = 0; made < 40; made += 1) {
      await world.register({ endpoint: `https://receiver.example.org/${made}` });
      world.tick(HOUR / 15);
    }
    const { items } = await world.subscribers.list(PAGE_ID, "webhook", 100, null);
    expect(items).toHaveLength(40);
    for (let hour = 0; hour < 2; hour += 1) {
      await world.work();
      world.tick(HOUR);
    }
    const later = (await world.subscribers.list(PAGE_ID, "webhook", 100, null)).items;
    expect(later.filter(({ state }) => state === "active")).toHaveLength(20);
  });

  test("of registrations by one source: 429, which says when", async () => {
    const world = await webhookWorld();
    const statuses: number[] = [];
    for (let made = 0; made < 21; made += 1) {
      const endpoint = `https://host${made}.example.org/`;
      statuses.push((await world.register({ endpoint })).reply.status);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 429]);
    const { reply } = await world.register();
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    expect((await world.work()).length).toBe(1);
  });

  test("of proofs asked of one endpoint", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "" }));
    const statuses: number[] = [];
    for (let made = 0; made < 6; made += 1) statuses.push((await world.register()).reply.status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  });

  test("a contact who was written to a moment ago gets no second mail, and is registered all the same", async () => {
    const world = await webhookWorld();
    await world.register();
    expect(await world.work()).toHaveLength(1);
    const { reply } = await world.register({ endpoint: "https://staging.example.org/", email: "Ops+x@example.org" });
    expect(reply.status).toBe(201);
    expect(await world.work()).toEqual([]);
  });

  test.each([
    ["quarantined", "complaint"],
    ["unsubscribed", "complaint"],
    ["quarantined", "bounce"],
  ] as const)("a contact who is %s for a %s is written to at no stranger's asking", async (state, reason) => {
    const world = await webhookWorld();
    const ada = await world.find("email", ADA);
    if (ada === null) throw new Error("Ada is gone");
    await world.subscribers.replace(ada, { ...ada, state, quarantineReason: reason });
    for (const endpoint of [ENDPOINT, SLACK]) {
      const { reply } = await world.register({ endpoint, email: ADA });
      // Nobody is told, for whoever asks is anybody.
      expect(reply).toMatchObject({ status: 201, json: { state: "unconfirmed" } });
      expect(await world.work()).toEqual([]);
      world.tick(HOUR);
    }
  });
});
