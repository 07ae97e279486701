import { describe, expect, test } from "vitest";
import { addressMac } from "../../../functions/core/address-mac.ts";
import type { Channel } from "../../../functions/core/subscriber.ts";
import { aSubscriber } from "../../contract/samples.ts";
import { idOf, manageWorld, PAGE } from "./manage-world.ts";

async function blockOf(
  { access, subscribers }: Awaited<ReturnType<typeof manageWorld>>,
  channel: Channel,
  address: string,
) {
  const mac = addressMac(await access.currentSigningKey(PAGE.id), channel, address);
  return subscribers.blockOf(PAGE.id, channel, mac);
}

describe("erase", () => {
  test.each([
    ["email", { email: "Ada@Example.org" }, { email: " ada@example.ORG" }],
    ["sms", { phone_number: "+4915123456789" }, { phone_number: "01512 3456789", phone_country: "de" }],
    [
      "webhook",
      { endpoint: "https://hooks.example.org/in?key=1" },
      { endpoint: "https://hooks.example.org/in?key=1#x" },
    ],
  ])("%s: subscriber and claim on the address are gone, and the address is free", async (mode, subscriber, named) => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber }));
    const reply = await world.post("/subscribers/erase", named);
    expect(reply).toMatchObject({ status: 200, json: { id, mode, kept_hash: null, contact_of: [] } });
    expect(await world.subscribers.find(PAGE.id, id)).toBeNull();
    expect((await world.post("/subscribers/erase", named)).status).toBe(404);
    expect((await world.post("/subscribers", { subscriber })).status).toBe(201);
  });

  test.each(["unconfirmed", "active", "unsubscribed"] as const)("%s leaves nothing behind", async (state) => {
    const world = await manageWorld();
    await world.subscribers.create(aSubscriber(PAGE.id, { email: "ada@example.org", state }));
    const reply = await world.post("/subscribers/erase", { email: "ada@example.org" });
    expect(reply.json).toMatchObject({ state, kept_hash: null });
    expect(await blockOf(world, "email", "ada@example.org")).toBeNull();
  });

  test.each(["bounce", "complaint"] as const)(
    "after a %s a keyed hash keeps the address from being written to",
    async (reason) => {
      const world = await manageWorld();
      const email = "ada@example.org";
      await world.subscribers.create(
        aSubscriber(PAGE.id, { email, state: "quarantined", quarantinedAt: 1, quarantineReason: reason }),
      );
      const reply = await world.post("/subscribers/erase", { email });
      expect(reply.json).toMatchObject({ state: "quarantined", kept_hash: reason });
      expect(await blockOf(world, "email", email)).toBe(reason);
      expect(await world.subscribers.findByAddress(PAGE.id, "email", email)).toBeNull();
    },
  );

  test("after a complaint, also of somebody who left, every tag of the mailbox is refused", async () => {
    const world = await manageWorld();
    const complained = { state: "unsubscribed", unsubscribedAt: 1, quarantineReason: "complaint" } as const;
    await world.subscribers.create(aSubscriber(PAGE.id, { email: "ada+x@example.org", ...complained }));
    const reply = await world.post("/subscribers/erase", { email: "ada+x@example.org" });
    expect(reply.json).toMatchObject({ state: "unsubscribed", kept_hash: "complaint" });
    for (const email of ["ada+x@example.org", "ada+y@example.org", "ada@example.org"]) {
      expect((await world.post("/subscribers", { subscriber: { email } })).status, email).toBe(422);
    }
    expect(world.mails).toEqual([]);
  });

  test("an endpoint keeps its subscription and forgets whom to tell of its trouble", async () => {
    const world = await manageWorld();
    const subscriber = { endpoint: "https://hooks.example.org/", email: "Ops@example.org" };
    const id = idOf(await world.post("/subscribers", { subscriber }));
    const reply = await world.post("/subscribers/erase", { email: "ops@example.org" });
    expect(reply).toMatchObject({ status: 200, json: { id: null, contact_of: [id] } });
    expect(await world.subscribers.get(PAGE.id, "webhook", id)).toMatchObject({ state: "active", contactEmail: null });
  });

  test("the address is not kept with what somebody registers an endpoint as anew either", async () => {
    const world = await manageWorld();
    const subscriber = { endpoint: "https://hooks.example.org/", email: "ops@example.org" };
    const id = idOf(await world.post("/subscribers", { subscriber }));
    const read = await world.subscribers.find(PAGE.id, id);
    if (read?.channel !== "webhook") throw new Error("no endpoint");
    await world.subscribers.changeState(
      PAGE.id,
      "webhook",
      id,
      { from: ["active"], to: "unsubscribed" },
      read.updatedAt + 1,
    );
    const { scopes, preferences, locale, format, statuses, createdAt } = read;
    const registration = { contactEmail: "Bob@example.net", format, statuses, secretVersion: 7, createdAt };
    const asked = { hash: "aa", at: read.updatedAt + 2, scopes, preferences, locale, registration };
    await world.subscribers.invite(PAGE.id, "webhook", id, asked, read.updatedAt + 2);
    await world.subscribers.create(aSubscriber(PAGE.id, { email: "bob@example.net" }));
    expect((await world.post("/subscribers/erase", { email: "bob@example.net" })).status).toBe(200);
    expect(await world.subscribers.invitationsOf(PAGE.id, "webhook", id)).toEqual([]);
  });

  test("the audit trail says whom by the id, not by the address", async () => {
    const world = await manageWorld();
    const id = idOf(await world.post("/subscribers", { subscriber: { email: "ada@example.org" } }));
    world.logged.length = 0;
    await world.post("/subscribers/erase", { email: "ada@example.org" });
    expect(world.logged.join()).toContain(id);
    expect(world.logged.join()).not.toContain("ada");
  });

  test.each([
    ["email", {}],
    ["email", { email: "a@example.org", endpoint: "https://hooks.example.org/" }],
    ["endpoint", { endpoint: "hooks" }],
    ["phone_country", { phone_number: "01512 3456789" }],
    ["phone_country", { phone_number: "01512 3456789", phone_country: "XX" }],
    ["phone_number", { phone_number: "+x" }],
  ])("422 names %s of %j", async (field, named) => {
    const world = await manageWorld();
    const reply = await world.post("/subscribers/erase", named);
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
  });
});
