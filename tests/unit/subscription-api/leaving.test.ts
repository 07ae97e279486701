import { describe, expect, test } from "vitest";
import { BUTTON, linkIn, ONE_CLICK, START, subscriptionWorld } from "./subscription-world.ts";

const DAY = 24 * 60 * 60_000;

/** Ada is subscribed, and has left by one click. */
async function worldWithoutAda() {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  const active = await world.stored();
  world.tick(1_000);
  await world.send("POST", world.unsubscribePath, ONE_CLICK);
  const [mail, ...more] = await world.delivered();
  expect(more).toEqual([]);
  return { ...world, active, mail, undo: linkIn(mail?.text, "undo") };
}

test.each([
  ["the button of a mail program", ONE_CLICK, "mail program"],
  ["the page's button", BUTTON, "link"],
])("leaving by %s is told to the mailbox, once, for others may read it too", async (_by, body, how) => {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  for (let time = 0; time < 3; time += 1) await world.send("POST", world.unsubscribePath, body);
  const mails = await world.delivered();
  expect(mails).toHaveLength(1);
  expect(mails[0]?.to).toBe("ada@example.org");
  expect(mails[0]?.text).toContain(`left by ${how}`);
});

test.each(["unconfirmed", "quarantined"] as const)("whoever leaves as %s gets no mail", async (state) => {
  const world = await subscriptionWorld();
  await world.subscribers.changeState(
    world.subject.pageId,
    "email",
    world.subject.subscriberId,
    { from: ["unconfirmed"], to: state },
    START,
  );
  await world.send("POST", world.unsubscribePath, ONE_CLICK);
  expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  expect(await world.delivered()).toEqual([]);
});

test("leaving works even where its letter cannot be queued", async () => {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  world.deps.letters.sendLetter = () => Promise.reject(new Error("no queue"));
  expect((await world.send("POST", world.unsubscribePath, ONE_CLICK)).status).toBe(200);
  expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  expect(world.logged.join()).toContain("no queue");
  expect(world.logged.join()).not.toContain("ada@");
});

describe("the way back", () => {
  test("a page with a button; the button brings everything back as it was", async () => {
    const world = await worldWithoutAda();
    const page = await world.send("GET", world.undo);
    expect(page.text).toContain('<form method="post">');
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
    world.tick(30 * DAY - 2_000);
    expect((await world.send("POST", world.undo, BUTTON)).status).toBe(200);
    const { updatedAt: _, ...back } = (await world.stored()) ?? { updatedAt: 0 };
    expect({ ...back, updatedAt: 0 }).toEqual({ ...world.active, updatedAt: 0 });
  });

  test("is over after 30 days", async () => {
    const world = await worldWithoutAda();
    world.tick(30 * DAY);
    expect((await world.send("GET", world.undo)).status).toBe(404);
    expect((await world.send("POST", world.undo, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });

  test("undoes the one time of leaving that its letter told of, not a later one", async () => {
    const world = await worldWithoutAda();
    await world.send("POST", world.undo, BUTTON);
    world.tick(1_000);
    await world.send("POST", world.unsubscribePath, ONE_CLICK);
    expect((await world.send("POST", world.undo, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });

  test.each(["complaint", "bounce"] as const)("is closed by a %s that was told later", async (quarantineReason) => {
    const world = await worldWithoutAda();
    const left = await world.stored();
    if (left === null) throw new Error("Ada is gone");
    await world.subscribers.replace(left, { ...left, quarantineReason });
    expect((await world.send("POST", world.undo, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });

  test("a forged, damaged or other link is one and the same 404", async () => {
    const world = await worldWithoutAda();
    const reference = await world.send("GET", "/resubscribe/x");
    const changed = world.undo.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
    const token = world.undo.slice("/resubscribe/".length);
    for (const path of [changed, `${world.undo}A`, `/resubscribe/${world.unsubscribePath.slice(13)}`]) {
      expect(await world.send("POST", path, BUTTON), path).toEqual(reference);
    }
    expect((await world.send("POST", `/unsubscribe/${token}`, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });
});

test("whoever only wants less is mailed a link, and stays", async () => {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  const before = await world.stored();
  const instead = { body: "instead=change", contentType: "application/x-www-form-urlencoded" };
  const page = await world.send("POST", world.unsubscribePath, instead);
  expect(page.status).toBe(200);
  expect(page.text).not.toContain("/manage/");
  expect(await world.stored()).toEqual(before);
  const [mail] = await world.delivered();
  expect(mail?.to).toBe("ada@example.org");
  expect(linkIn(mail?.text, "manage")).toMatch(/^\/manage\//);
});
