import { describe, expect, test } from "vitest";
import { subscriberToken } from "../../../functions/core/subscriber-token.ts";
import { BUTTON, ONE_CLICK, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld } from "./subscription-world.ts";

const BOUNDARY = "abc123";
const MULTIPART = {
  body: `--${BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${BOUNDARY}--\r\n`,
  contentType: `multipart/form-data; boundary=${BOUNDARY}`,
};

test("the link opens a page with a button, the button leaves", async () => {
  const world = await subscriptionWorld();
  const page = await world.send("GET", world.unsubscribePath);
  expect(page.status).toBe(200);
  expect(page.text).toContain('<form method="post">');
  expect(page.headers["referrer-policy"]).toBe("no-referrer");
  expect(await world.stored()).toEqual(world.ada);

  const done = await world.send("POST", world.unsubscribePath, BUTTON);
  expect(done.status).toBe(200);
  expect(done.text).toContain("You are unsubscribed");
  expect(await world.stored()).toMatchObject({ state: "unsubscribed", unsubscribedAt: START });
});

describe("one click (RFC 8058)", () => {
  test.each([
    ["as a form", ONE_CLICK],
    ["as multipart/form-data", MULTIPART],
  ])("%s: an empty 200, no redirect, no cookie, again and again", async (_form, body) => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath);
    for (let time = 0; time < 3; time += 1) {
      const reply = await world.send("POST", world.unsubscribePath, body);
      expect(reply).toMatchObject({ status: 200, text: "" });
      expect(reply.headers).not.toHaveProperty("location");
      expect(reply.headers).not.toHaveProperty("set-cookie");
      expect(await world.stored()).toMatchObject({ state: "unsubscribed", unsubscribedAt: START });
      world.tick(365 * 24 * 60 * 60_000);
    }
  });

  test.each([
    [
      "with more header lines",
      MULTIPART.body.replace("\r\n\r\n", "\r\nContent-Type: text/plain\r\nX-Other: y\r\n\r\n"),
      "",
    ],
    ["without quotation marks", MULTIPART.body.replace(/"List-Unsubscribe"/, "List-Unsubscribe"), ""],
    ["with plain line feeds", MULTIPART.body.replaceAll("\r\n", "\n"), ""],
    // Not it, in what took a second: the button's page is the answer.
    ["of 16 kB of header lines", `name="List-Unsubscribe"\r\n${"a\r\n".repeat(5_000)}`, "You are unsubscribed"],
    ["of 16 kB of the name", 'name="List-Unsubscribe"\r\n'.repeat(600), "You are unsubscribed"],
    ["of another name", MULTIPART.body.replace("List-Unsubscribe", "List-Unsubscribe-Post"), "You are unsubscribed"],
  ])("%s", async (_what, body, answer) => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath);
    const sending = { body, contentType: MULTIPART.contentType };
    const reply = await world.send("POST", world.unsubscribePath, sending);
    expect(reply.status).toBe(200);
    expect(reply.text.includes("You are unsubscribed") ? "You are unsubscribed" : reply.text).toBe(answer);
  });

  test("for somebody who was removed meanwhile, too", async () => {
    const world = await subscriptionWorld();
    await world.subscribers.remove(PAGE_ID, "email", SUBSCRIBER_ID);
    expect(await world.send("POST", world.unsubscribePath, ONE_CLICK)).toMatchObject({ status: 200, text: "" });
    expect((await world.send("POST", world.unsubscribePath, BUTTON)).status).toBe(200);
    expect(await world.stored()).toBeNull();
  });

  test.each(["unconfirmed", "active", "quarantined"] as const)("leaves from %s", async (state) => {
    const world = await subscriptionWorld();
    await world.subscribers.changeState(PAGE_ID, "email", SUBSCRIBER_ID, { from: ["unconfirmed"], to: state }, START);
    await world.send("POST", world.unsubscribePath, ONE_CLICK);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });
});

describe("a link that does not work is one and the same 404, and changes nothing", () => {
  test("forged, damaged, of another key, of another purpose", async () => {
    const world = await subscriptionWorld();
    const reference = await world.send("GET", "/unsubscribe/reference");
    expect(reference.status).toBe(404);
    const token = world.unsubscribePath.slice("/unsubscribe/".length);
    const otherKey = { ...world.key, key: new Uint8Array(32) };
    for (const wrong of [
      "x",
      `${token}A`,
      token.slice(0, -1),
      token.replace(/^1/, "2"),
      token.replace(/^1/, "01"),
      token.replace(".e.", ".s."),
      token.replace(SUBSCRIBER_ID, "bobbobbobbob"),
      token.replace(PAGE_ID, "otherpage000"),
      subscriberToken(otherKey, "unsubscribe", world.subject),
      world.confirmPath.slice("/confirm/".length),
    ]) {
      expect(await world.send("GET", `/unsubscribe/${wrong}`), wrong).toEqual(reference);
      expect(await world.send("POST", `/unsubscribe/${wrong}`, ONE_CLICK), wrong).toEqual(reference);
    }
    expect(await world.stored()).toEqual(world.ada);
  });
});
