import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { linkIn, PAGE_ID, START } from "./subscription-world.ts";
import { ENDPOINT, webhookWorld } from "./webhook-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";

// The library verifies by the real clock.
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ["Date"] }));

afterEach(() => vi.useRealTimers());

describe("somebody who is named as the contact of endpoints", () => {
  const VICTIM = "victim@example.org";

  test("gets exactly one letter, however many endpoints name them and whatever is asked, and tells nothing of a stranger's", async () => {
    const world = await webhookWorld();
    let mails: string[] = [];
    for (let index = 0; index < 58; index += 1) {
      const endpoint = index % 4 === 3 ? `${SLACK}${index}` : `https://buy-pills-${index}.example.org/x`;
      const source = `2001:db8:${index}::1`;
      const json = { endpoint, email: index % 2 === 0 ? VICTIM : `Victim+${index}@example.org` };
      expect((await world.send("POST", "/subscriptions/webhooks", { json, source })).status).toBe(201);
      await world.send("POST", "/portal", { json: { endpoint }, source });
      mails = [...mails, ...(await world.work())];
      world.tick(24 * HOUR);
    }
    expect(mails).toHaveLength(1);
    expect(mails.join()).not.toContain("pills");
    expect(mails.join()).toContain("decline ");
  });

  test("closes their mailbox by its link, for ever and whatever was removed, which opening it does not", async () => {
    const world = await webhookWorld();
    const { id } = await world.register({ email: VICTIM });
    const decline = linkIn((await world.work())[0], "decline");
    expect((await world.send("GET", decline)).text).toContain('<form method="post">');
    await world.subscribers.remove(PAGE_ID, "webhook", id);
    world.tick(100 * 24 * HOUR);
    expect((await world.send("GET", decline)).status).toBe(200);
    expect((await world.send("POST", decline)).status).toBe(200);
    await world.send("POST", "/subscriptions/email", { json: { email: "Victim+x@example.org" } });
    await world.register({ email: VICTIM, endpoint: "https://other.example.org/" });
    expect(await world.work()).toEqual([]);
    const forged = `${decline.slice(0, -2)}${decline.endsWith("A") ? "BA" : "AA"}`;
    expect((await world.send("POST", forged)).status).toBe(404);
  });

  test("is told when their link ends with a registration that proves nothing, and not once it is proven", async () => {
    const world = await webhookWorld();
    await world.register();
    const [mail] = await world.work();
    expect(mail).toContain("days to prove: 1");
    await world.send("POST", `${linkIn(mail, "portal")}/contact`);
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    expect((await world.work())[0]).toContain("days to prove: null");
  });

  test("is the contact once they do anything by their link, and not by opening it", async () => {
    const world = await webhookWorld();
    await world.register();
    const portal = linkIn((await world.work())[0], "portal");
    expect((await world.send("GET", portal)).text).toContain("Mail me when it stops working");
    expect(await world.stored()).not.toHaveProperty("contactProvenAt");
    expect((await world.send("POST", `${portal}/contact`)).status).toBe(303);
    expect(await world.stored()).toMatchObject({ contactProvenAt: START });
    expect((await world.send("GET", portal)).text).not.toContain("Mail me when it stops working");
    // From now on a lost link is mailed anew.
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    const [mail] = await world.work();
    expect(mail).toContain("portal ");
    expect(mail).not.toContain("decline ");
    // And another endpoint's is not theirs by that.
    world.tick(HOUR);
    await world.register({ endpoint: "https://buy-pills.example.org/" });
    const [other] = await world.work();
    expect(other).toContain("decline ");
    expect(other).not.toContain("pills");
  });

  test("is proven by confirming a chat's hook", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active", contactProvenAt: START });
  });
});
