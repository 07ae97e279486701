import { describe, expect, test } from "vitest";
import { addressMac } from "../../../functions/core/address-mac.ts";
import {
  adaIs,
  BUTTON,
  linkIn,
  PAGE_ID,
  START,
  SUBSCRIBER_ID,
  subscriptionWorld,
  withCatalog,
} from "./subscription-world.ts";

const PATH = "/subscriptions/email";
const MINUTE = 60_000;
const GRACE = "grace@example.org";
const ADA = "ada@example.org";

describe("an address that is known already", () => {
  test("unconfirmed: each link brings what was asked for with it, and the others are void then", async () => {
    const world = await subscriptionWorld();
    await withCatalog(world);
    const links: string[] = [];
    for (const component of ["webappwebapp", "uploadupload"]) {
      await world.send("POST", PATH, { json: { email: ADA, component_ids: [component], locale: "de" } });
      links.push(linkIn((await world.delivered())[0]?.text, "confirm"));
      world.tick(10 * MINUTE);
    }
    const [first = "", second = ""] = links;
    // Whoever asks in somebody's name ends nobody's link.
    for (const link of [...links, world.confirmPath]) expect((await world.send("GET", link)).status).toBe(200);
    expect(await world.stored()).toMatchObject({ state: "unconfirmed", scopes: { page: true }, locale: "en" });
    await world.send("POST", first, BUTTON);
    expect(await world.stored()).toMatchObject({
      id: SUBSCRIBER_ID,
      state: "active",
      scopes: { page: false, components: ["webappwebapp"] },
      locale: "de",
    });
    expect((await world.send("POST", first, BUTTON)).status).toBe(200);
    for (const link of [second, world.confirmPath]) expect((await world.send("POST", link, BUTTON)).status).toBe(404);
  });

  test("a link that confirmed once does not bring back who has left since, nor does one of before", async () => {
    const world = await subscriptionWorld();
    const links: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      await world.send("POST", PATH, { json: { email: ADA } });
      links.push(linkIn((await world.delivered())[0]?.text, "confirm"));
      world.tick(10 * MINUTE);
    }
    // As if what comes after the confirmation had not been reached.
    world.deps.subscribers.forgetInvitations = async () => {};
    await world.send("POST", links[0] ?? "", BUTTON);
    world.tick(MINUTE);
    await world.send("POST", world.unsubscribePath, BUTTON);
    for (const link of links) expect((await world.send("POST", link, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });

  test.each([
    ["left", { state: "unsubscribed" as const }],
    ["bounced", { state: "quarantined" as const, quarantineReason: "bounce" as const }],
    ["bounced and left", { state: "unsubscribed" as const, quarantineReason: "bounce" as const }],
  ])("%s: a stranger's sign-up changes nothing of it, whatever becomes of the letter", async (_what, state) => {
    const world = await subscriptionWorld();
    await adaIs(world, state);
    const before = await world.stored();
    for (let time = 0; time < 8; time += 1) {
      await world.send("POST", PATH, { json: { email: "ada+x@example.org", locale: "de" } });
      await world.send("POST", PATH, { json: { email: ADA, locale: "de", preferences: { minimum_impact: "major" } } });
      await world.delivered();
      world.tick(11 * MINUTE);
    }
    expect(await world.stored()).toEqual(before);
    expect(await world.subscribers.listPurgeable(START + 400 * 24 * 60 * MINUTE, 100)).not.toContainEqual(
      expect.objectContaining({ id: SUBSCRIBER_ID, state: "unconfirmed" }),
    );
  });

  test("the undo in a farewell works after a stranger's sign-up, and the invitation is void then", async () => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath, BUTTON);
    world.tick(MINUTE);
    await world.send("POST", world.unsubscribePath, BUTTON);
    const [farewell] = await world.delivered();
    world.tick(MINUTE);
    await world.send("POST", PATH, { json: { email: ADA, preferences: { minimum_impact: "critical" } } });
    const invitation = linkIn((await world.delivered())[0]?.text, "confirm");
    expect((await world.send("POST", linkIn(farewell?.text, "undo"), BUTTON)).status).toBe(200);
    expect(await world.stored()).toMatchObject({ state: "active", preferences: { minimumImpact: "none" } });
    expect((await world.send("POST", invitation, BUTTON)).status).toBe(404);
  });

  test("declined, who had left or bounced stays so, and the mailbox is closed", async () => {
    const world = await subscriptionWorld();
    await adaIs(world, { state: "quarantined", quarantineReason: "bounce" });
    const before = await world.stored();
    await world.send("POST", PATH, { json: { email: ADA } });
    const [mail] = await world.delivered();
    expect((await world.send("POST", linkIn(mail?.text, "decline"), BUTTON)).status).toBe(200);
    expect(await world.stored()).toEqual(before);
    expect((await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON)).status).toBe(404);
    world.tick(24 * 60 * MINUTE);
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.delivered()).toEqual([]);
  });

  test("nothing is kept of what was not permitted", async () => {
    const world = await subscriptionWorld();
    await adaIs(world, { state: "unsubscribed" });
    await world.send("POST", PATH, { json: { email: ADA } });
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.delivered()).toHaveLength(1);
    expect(await world.subscribers.invitationsOf(PAGE_ID, "email", SUBSCRIBER_ID)).toHaveLength(1);
  });

  test.each([
    ["unsubscribed", {}],
    ["quarantined", { quarantineReason: "bounce" as const }],
  ] as const)("%s: comes back by confirming", async (state, more) => {
    const world = await subscriptionWorld();
    await adaIs(world, { state, ...more });
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.stored()).toMatchObject({ state });
    const [mail] = await world.delivered();
    await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
    const back = { state: "active", unsubscribedAt: null, quarantinedAt: null, confirmedAt: START };
    expect(await world.stored()).toMatchObject({ id: SUBSCRIBER_ID, ...back });
    expect(await world.stored()).not.toHaveProperty("quarantineReason");
  });

  test("active: nothing changes; a link shows the way, with the wishes ticked", async () => {
    const world = await subscriptionWorld();
    await withCatalog(world);
    await world.send("POST", world.confirmPath, BUTTON);
    const before = await world.stored();
    await world.send("POST", PATH, { json: { email: ADA, component_ids: ["webappwebapp"] } });
    expect(await world.stored()).toEqual(before);
    const [mail] = await world.delivered();
    expect(linkIn(mail?.text, "manage")).toMatch(/^\/manage\/[\w.-]+\?components=webappwebapp$/);
  });

  test.each(["quarantined", "unsubscribed"] as const)(
    "complained, and is %s: nothing changes and nothing is sent",
    async (state) => {
      const world = await subscriptionWorld();
      await adaIs(world, { state, quarantineReason: "complaint" });
      const before = await world.stored();
      expect((await world.send("POST", PATH, { json: { email: ADA } })).status).toBe(202);
      expect(await world.stored()).toEqual(before);
      expect(await world.delivered()).toEqual([]);
    },
  );

  test("erased after a bounce: confirmed anew, it is forgotten", async () => {
    const world = await subscriptionWorld();
    const mac = addressMac(world.key, "email", GRACE);
    await world.subscribers.block(PAGE_ID, "email", mac, "bounce", START);
    await world.send("POST", PATH, { json: { email: GRACE } });
    const [mail] = await world.delivered();
    await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
    expect(await world.subscribers.blockOf(PAGE_ID, "email", mac)).toBeNull();
  });
});
