import { describe, expect, test } from "vitest";
import { addressMac } from "../../../functions/core/address-mac.ts";
import { newSubscriber } from "../../../functions/subscriptions/new-subscriber.ts";
import { PAGE_ID, START, SUBSCRIBER_ID, watched } from "./subscription-world.ts";
import { CONTACT, ENDPOINT, webhookWorld } from "./webhook-world.ts";

type World = Awaited<ReturnType<typeof webhookWorld>>;

/** Subscribed by mail in every such world. */
const ADA = "ada@example.org";
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";

/** How often each kind of call is made until somebody who asks is answered. */
async function workOf(world: World, path: string, json: object): Promise<Record<string, unknown>> {
  const calls = watched(world);
  const { status, headers, json: answer } = await world.send("POST", path, { json });
  const told = path === "/portal" ? answer : null;
  return { status, headers: { ...headers, "content-length": "" }, told, calls: calls.toSorted() };
}

async function operators(world: World, email: string | null) {
  const contact = { channel: "webhook", endpoint: ENDPOINT, contactEmail: email, format: "statuspage" } as const;
  const scopes = { page: true, components: [], incidents: [] };
  const id = "byoperator01";
  await world.subscribers.create(
    newSubscriber({ pageId: PAGE_ID, id, contact, scopes, locale: "en", confirmed: true }, START),
  );
}

const close = (world: World, email: string) =>
  world.subscribers.block(PAGE_ID, "email", addressMac(world.key, "email", email), "not asked for", START);

describe("what is answered and done says nothing of an endpoint", () => {
  const CASES: Record<string, (world: World) => Promise<unknown>> = {
    unknown: async () => {},
    "of a contact who was never written to": (world) => operators(world, CONTACT),
    "of a contact who had their one letter": async (world) => {
      await world.register();
      await world.work();
    },
    "of a contact who had a letter a moment ago": async (world) => {
      await operators(world, CONTACT);
      await world.send("POST", "/portal", { json: { endpoint: ENDPOINT } });
      await world.work();
    },
    "of a contact who is subscribed": (world) => operators(world, ADA),
    "of a contact whose mailbox is closed": async (world) => {
      await operators(world, CONTACT);
      await close(world, CONTACT);
    },
    "without a contact": (world) => operators(world, null),
  };

  test("whose lost link is asked for", async () => {
    const seen = new Map<string, unknown>();
    for (const [name, arrange] of Object.entries(CASES)) {
      const world = await webhookWorld();
      await arrange(world);
      seen.set(name, await workOf(world, "/portal", { endpoint: ENDPOINT }));
    }
    const [reference] = seen.values();
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries([...seen.keys()].map((name) => [name, reference])));
  });
});

describe("what is done for a registration says nothing of the address that it names", () => {
  const CASES: Record<string, (world: World) => Promise<unknown>> = {
    "never written to": async () => {},
    "that had its one letter": async (world) => {
      await world.register({ endpoint: "https://other.example.org/", email: ADA });
      await world.work();
    },
    "that left": (world) =>
      world.subscribers.changeState(
        PAGE_ID,
        "email",
        SUBSCRIBER_ID,
        { from: ["unconfirmed"], to: "unsubscribed" },
        START,
      ),
    "that nobody has": (world) => world.subscribers.remove(PAGE_ID, "email", SUBSCRIBER_ID),
    "whose mailbox is closed": (world) => close(world, ADA),
  };

  test.each([
    ["of an endpoint", ENDPOINT],
    ["of a chat's hook", SLACK],
  ])("%s", async (_what, endpoint) => {
    const seen = new Map<string, unknown>();
    for (const [name, arrange] of Object.entries(CASES)) {
      const world = await webhookWorld();
      await arrange(world);
      seen.set(name, await workOf(world, "/subscriptions/webhooks", { endpoint, email: ADA }));
    }
    const [reference] = seen.values();
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries([...seen.keys()].map((name) => [name, reference])));
  });
});
