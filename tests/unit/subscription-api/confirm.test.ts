import { describe, expect, test } from "vitest";
import { newConfirmToken } from "../../../functions/core/confirm-token.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import { BUTTON, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld } from "./subscription-world.ts";

const DAY = 24 * 60 * 60_000;

test("the link opens a page with a button; the button confirms, and twice is once", async () => {
  const world = await subscriptionWorld();
  const page = await world.send("GET", world.confirmPath);
  expect(page.status).toBe(200);
  expect(page.text).toContain('<form method="post">');
  expect(page.text).toContain("DRACOON &lt;Cloud>");
  expect(await world.stored()).toEqual(world.ada);

  world.tick(1_000);
  for (let click = 0; click < 2; click += 1) {
    const done = await world.send("POST", world.confirmPath, BUTTON);
    expect(done.status).toBe(200);
    expect(done.text).toContain("You are subscribed");
    expect(await world.stored()).toMatchObject({ state: "active", confirmedAt: START + 1_000 });
    world.tick(1_000);
  }
});

test("the page loads nothing from elsewhere and hands its address to nobody", async () => {
  const world = await subscriptionWorld();
  const { headers, text } = await world.send("GET", world.confirmPath);
  expect(headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
  });
  expect(headers["content-security-policy"]).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(text).not.toMatch(/<script|<img|<link|src=|@import|url\(/);
  expect(text.match(/https?:\/\/[^"\s<]+/g)).toEqual(["https://status.example"]);
  expect(text).not.toContain("ada@example.org");
  expect(text).toContain("prefers-color-scheme: dark");
});

describe("a link that does not work is one and the same 404, and changes nothing", () => {
  test.each([
    ["nonsense", () => "nonsense"],
    [
      "another secret",
      () =>
        newConfirmToken({ pageId: PAGE_ID, channel: "email", subscriberId: SUBSCRIBER_ID }, seededRandom("x")).token,
    ],
    [
      "nobody",
      () =>
        newConfirmToken({ pageId: PAGE_ID, channel: "email", subscriberId: "nobodynobody" }, seededRandom("x")).token,
    ],
    [
      "another page",
      () =>
        newConfirmToken({ pageId: "otherpage000", channel: "email", subscriberId: SUBSCRIBER_ID }, seededRandom("x"))
          .token,
    ],
    [
      "another channel",
      () => newConfirmToken({ pageId: PAGE_ID, channel: "sms", subscriberId: SUBSCRIBER_ID }, seededRandom("x")).token,
    ],
  ])("%s", async (_what, token) => {
    const world = await subscriptionWorld();
    const reference = await world.send("GET", "/confirm/reference");
    for (const method of ["GET", "POST"]) {
      const reply = await world.send(method, `/confirm/${token()}`);
      expect(reply).toEqual(reference);
      expect(reply.status).toBe(404);
    }
    expect(await world.stored()).toEqual(world.ada);
  });

  test("one byte of the token changed", async () => {
    const world = await subscriptionWorld();
    const changed = world.confirmPath.replace(/.$/, (last) => (last === "A" ? "E" : "A"));
    expect((await world.send("POST", changed)).status).toBe(404);
    expect((await world.send("POST", `${world.confirmPath}A`)).status).toBe(404);
    expect(await world.stored()).toEqual(world.ada);
  });

  test("older than 90 days", async () => {
    const world = await subscriptionWorld();
    world.tick(90 * DAY);
    expect((await world.send("GET", world.confirmPath)).status).toBe(200);
    world.tick(1);
    expect((await world.send("GET", world.confirmPath)).status).toBe(404);
    expect((await world.send("POST", world.confirmPath)).status).toBe(404);
    expect(await world.stored()).toEqual(world.ada);
  });

  test("replaced by a newer one", async () => {
    const world = await subscriptionWorld();
    const { hash } = newConfirmToken(world.subject, seededRandom("newer"));
    await world.subscribers.saveConfirmToken(PAGE_ID, "email", SUBSCRIBER_ID, hash, START);
    expect((await world.send("POST", world.confirmPath)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unconfirmed" });
  });

  test.each(["unsubscribed", "quarantined"] as const)("of somebody who is %s by now", async (state) => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath);
    await world.subscribers.changeState(PAGE_ID, "email", SUBSCRIBER_ID, { from: ["active"], to: state }, START);
    expect((await world.send("GET", world.confirmPath)).status).toBe(404);
    expect((await world.send("POST", world.confirmPath)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state });
  });
});

test("unsubscribed between the look and the write: not confirmed, and not told so", async () => {
  const world = await subscriptionWorld();
  const { get } = world.subscribers;
  world.subscribers.get = async (...key) => {
    const seen = await get(...key);
    await world.subscribers.changeState(
      PAGE_ID,
      "email",
      SUBSCRIBER_ID,
      { from: ["unconfirmed"], to: "unsubscribed" },
      START,
    );
    return seen;
  };
  expect((await world.send("POST", world.confirmPath)).status).toBe(404);
  expect((await get(PAGE_ID, "email", SUBSCRIBER_ID))?.state).toBe("unsubscribed");
});
