import { describe, expect, test } from "vitest";
import { letterWorkSchema } from "../../../functions/core/queued-work.ts";
import { SHARE_USED_UP } from "../../../functions/permits/permit-letter.ts";
import { BUTTON, linkIn, ONE_CLICK, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld } from "./subscription-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SIGN_UP = "/subscriptions/email";

type World = Awaited<ReturnType<typeof subscriptionWorld>>;

/** Ada, subscribed. */
async function worldWithAda() {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  return world;
}

describe("unsubscribing and undoing it in a loop", () => {
  test.each([
    ["by the button", BUTTON],
    ["by a mail program", ONE_CLICK],
  ])("%s brings at most three farewells a day, and works each time", async (_by, body) => {
    const world = await worldWithAda();
    const manage = async () => {
      await world.send("POST", "/manage", { json: { email: "ada@example.org" } });
      return linkIn((await world.delivered())[0]?.text, "manage");
    };
    const link = await manage();
    let farewells = 0;
    for (let round = 0; round < 40; round += 1) {
      expect((await world.send("POST", world.unsubscribePath, body)).status).toBe(200);
      expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
      farewells += (await world.delivered()).length;
      await world.send("POST", link, { json: { action: "resubscribe" } });
      expect(await world.stored()).toMatchObject({ state: "active" });
      world.tick(200);
    }
    expect(farewells).toBe(3);
    world.tick(DAY);
    await world.send("POST", world.unsubscribePath, body);
    expect(await world.delivered()).toHaveLength(1);
  });

  test("links asked for by the link to unsubscribe are of the same three, and leave one for the farewell", async () => {
    const world = await worldWithAda();
    let letters = 0;
    for (let round = 0; round < 20; round += 1) {
      await world.send("POST", world.unsubscribePath, { ...BUTTON, body: "instead=change" });
      letters += (await world.delivered()).length;
      world.tick(MINUTE);
    }
    expect(letters).toBe(2);
    // Whoever reads the same mailbox cannot take the others out without their hearing of it.
    await world.send("POST", world.unsubscribePath, ONE_CLICK);
    expect((await world.delivered()).map(({ text }) => text)).toEqual([expect.stringContaining("undo ")]);
    await world.send("POST", world.unsubscribePath, { ...BUTTON, body: "instead=change" });
    expect(await world.delivered()).toEqual([]);
  });
});

test("the page promises the farewell only where it will be sent", async () => {
  const world = await worldWithAda();
  const promised: boolean[] = [];
  for (let round = 0; round < 5; round += 1) {
    const page = await world.send("POST", world.unsubscribePath, BUTTON);
    const mails = await world.delivered();
    promised.push(page.text.includes("A mail to your address says so too"));
    expect(mails).toHaveLength(promised.at(-1) ? 1 : 0);
    await world.subscribers.changeState(
      PAGE_ID,
      "email",
      SUBSCRIBER_ID,
      { from: ["unsubscribed"], to: "active" },
      world.now(),
    );
    world.tick(1);
  }
  expect(promised).toEqual([true, true, true, false, false]);
});

test("one line tells of each letter that was not permitted, and no address", async () => {
  const world = await worldWithAda();
  for (let round = 0; round < 4; round += 1) {
    await world.send("POST", world.unsubscribePath, ONE_CLICK);
    await world.delivered();
    await world.subscribers.changeState(
      PAGE_ID,
      "email",
      SUBSCRIBER_ID,
      { from: ["unsubscribed"], to: "active" },
      world.now(),
    );
    world.tick(1);
  }
  const refusals = world.logged.filter((line) => line.includes("not permitted"));
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toContain("enough for a day");
  expect(world.logged.join()).not.toContain("ada@");
});

describe("a letter that the queue brings twice", () => {
  /** What is on the letters' queue, as it is brought. */
  const queued = (world: World) =>
    world.queues.sent
      .filter(({ queue }) => queue === "letters")
      .map(({ body }) => letterWorkSchema.parse(JSON.parse(body)));

  test("has its permit still: whoever died before sending is followed by whoever sends", async () => {
    const world = await subscriptionWorld();
    await world.send("POST", SIGN_UP, { json: { email: "grace@example.org" } });
    const [work] = queued(world);
    // Permitted, and then the sender died.
    world.answer("grace@example.org", { outcome: "unavailable", reason: "down", retryAfterMs: null });
    await expect(world.deliver(JSON.stringify(work))).rejects.toThrow("down");
    world.tick(70_000);
    await world.deliver(JSON.stringify(work));
    expect(world.reached).toHaveLength(1);
    // And the honest second try, ten minutes after the first was permitted.
    world.tick(9 * MINUTE);
    await world.send("POST", SIGN_UP, { json: { email: "grace@example.org" } });
    expect((await world.delivered()).map(({ to }) => to)).toContain("grace@example.org");
  });
});

describe("the share of the daily quota", () => {
  /** Sign-ups of people who are all different, each from a /48 of their own. */
  async function storm(world: World, count: number, first = 0): Promise<number> {
    let mails = 0;
    for (let index = first; index < first + count; index += 1) {
      const source = `2001:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`;
      const reply = await world.send("POST", SIGN_UP, { json: { email: `person${index}@example.org` }, source });
      expect(reply).toMatchObject({ status: 202, json: { status: "accepted" } });
      mails += (await world.delivered()).length;
      world.tick(1_000);
    }
    return mails;
  }

  test("is what a storm over many /48s gets, and no more in any day; the rest is the updates'", async () => {
    const world = await subscriptionWorld();
    await world.access.saveRate("email", { perSecond: 14, leftToday: 1_000, perDay: 1_000 }, START);
    // Half at once.
    expect(await storm(world, 400)).toBeGreaterThanOrEqual(125);
    let inADay = 0;
    for (let hour = 0; hour < 23; hour += 1) {
      inADay += await storm(world, 15, 400 + hour * 15);
      world.tick(HOUR - 15_000);
    }
    expect(inADay + 125).toBeLessThanOrEqual(250);
    expect(inADay).toBeGreaterThan(60);
    expect(world.logged.join()).toContain(SHARE_USED_UP);
  });

  test("is not used up by what a mailbox's own limits refuse", async () => {
    const world = await subscriptionWorld();
    await world.access.saveRate("email", { perSecond: 14, leftToday: 40, perDay: 40 }, START);
    await world.send("POST", world.confirmPath, BUTTON);
    for (let round = 0; round < 50; round += 1) {
      await world.send("POST", world.unsubscribePath, { ...BUTTON, body: "instead=change" });
      await world.delivered();
    }
    expect(await storm(world, 10)).toBe(5 - 2);
  });
});

describe("the door", () => {
  test("a /48 reaches no more strangers than three of its networks would", async () => {
    const world = await subscriptionWorld();
    const statuses: number[] = [];
    for (let index = 0; index < 300; index += 1) {
      const source = `2001:db8:1:${index.toString(16)}::1`;
      const reply = await world.send("POST", SIGN_UP, { json: { email: `person${index}@example.org` }, source });
      statuses.push(reply.status);
    }
    expect(statuses.filter((status) => status === 202)).toHaveLength(60);
    const elsewhere = { json: { email: "person@example.org" }, source: "2001:db8:2::1" };
    expect((await world.send("POST", SIGN_UP, elsewhere)).status).toBe(202);
  });

  test("a source reaches twenty in an hour, by all that mails a stranger together", async () => {
    const world = await subscriptionWorld();
    const statuses: number[] = [];
    for (let index = 0; index < 30; index += 1) {
      const email = `person${index}@example.org`;
      const paths = [
        () => world.send("POST", SIGN_UP, { json: { email } }),
        () => world.send("POST", "/manage", { json: { email } }),
        () =>
          world.send("POST", "/subscriptions/webhooks", {
            json: { email, endpoint: `https://h${index}.example.org/` },
          }),
        () => world.send("POST", "/portal", { json: { endpoint: `https://h${index}.example.org/` } }),
      ];
      statuses.push((await paths[index % 4]?.())?.status ?? 0);
    }
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });
});

test("a link to manage that is asked for right after the confirmation is sent", async () => {
  const world = await subscriptionWorld();
  await world.send("POST", SIGN_UP, { json: { email: "grace@example.org" } });
  const [mail] = await world.delivered();
  await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
  world.tick(MINUTE);
  await world.send("POST", "/manage", { json: { email: "grace@example.org" } });
  expect(linkIn((await world.delivered())[0]?.text, "manage")).toMatch(/^\/manage\//);
});
