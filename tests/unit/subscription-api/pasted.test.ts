import { describe, expect, test } from "vitest";
import { z } from "zod";
import { linkToken } from "../../../functions/core/link-token.ts";
import { linkIn, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld } from "./subscription-world.ts";
import { CONTACT, ENDPOINT, webhookWorld } from "./webhook-world.ts";

/** What mails, chats and people put behind a link. */
const BEHIND = [
  ").",
  "%29",
  "%29.",
  ",",
  ">",
  "%3E",
  "&gt;",
  "%22",
  "”.",
  "%20",
  "%0A",
  "%E2%80%8B",
  "=%0D%0A",
  "*",
  "/",
];

describe("a link leads where it should, whatever was pasted with it", () => {
  test.each(BEHIND)("%s", async (behind) => {
    const world = await subscriptionWorld();
    const decline = world.confirmPath.replace("confirm", "decline");
    for (const path of [world.confirmPath, decline, world.unsubscribePath]) {
      expect(await world.send("GET", path + behind), path).toMatchObject({ status: 200 });
    }
    const confirmed = await world.send("POST", world.confirmPath + behind, { body: "from=page" });
    expect(confirmed.status).toBe(200);
    expect(await world.stored()).toMatchObject({ state: "active" });

    await world.send("POST", "/manage", { json: { email: "ada@example.org" } });
    const [mail] = await world.delivered();
    const manage = linkIn(mail?.text, "manage");
    expect(await world.send("GET", manage + behind)).toMatchObject({ status: 200 });
    const left = await world.send("POST", world.unsubscribePath + behind, { body: "from=page" });
    expect(left.status).toBe(200);
    const { unsubscribedAt } = (await world.stored()) ?? {};
    const undo = linkToken(world.key, "resubscribe", world.subject, START + 1e9, String(unsubscribedAt));
    expect(await world.send("GET", `/resubscribe/${undo}${behind}`)).toMatchObject({ status: 200 });
    expect(world.subject).toEqual({ pageId: PAGE_ID, channel: "email", subscriberId: SUBSCRIBER_ID });
  });
});

describe("within an address, too", () => {
  test.each([...BEHIND.filter((behind) => behind !== "/"), "%3F", "%23", "%C2%AD"])("%s", async (behind) => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath, { body: "from=page" });
    await world.send("POST", "/manage", { json: { email: "ada@example.org" } });
    const mails = await world.delivered();
    const manage = linkIn(mails.at(-1)?.text, "manage");
    expect(await world.send("GET", `${manage}${behind}/sent`)).toMatchObject({ status: 200 });
    const { text } = await world.send("GET", manage + behind);
    expect(text).toContain(`href="${manage}/sent"`);
    expect(text).toContain(`action="${manage}"`);

    const integrator = await webhookWorld();
    const portal = await integrator.open();
    const opened = await integrator.send("GET", portal + behind);
    expect(opened).toMatchObject({ status: 200 });
    expect(opened.text).toContain(`action="${portal}/pause"`);
    expect(await integrator.send("POST", `${portal}${behind}/pause`, { json: {} })).toMatchObject({ status: 200 });
    expect((await integrator.stored()).pausedAt).not.toBeNull();
  });
});

describe("sign-up takes an address as it was meant", () => {
  test.each([
    ["r&d@example.com", "r&d@example.com"],
    ["o'hara@example.com", "o'hara@example.com"],
    ["\u202agrace@example.org\u202c\u200b", "grace@example.org"],
    ["Grace@störung.example", "grace@xn--strung-xxa.example"],
  ])("%j", async (email, stored) => {
    const world = await subscriptionWorld();
    expect(await world.send("POST", "/subscriptions/email", { json: { email } })).toMatchObject({ status: 202 });
    expect(await world.find("email", stored)).toMatchObject({ state: "unconfirmed" });
    expect((await world.delivered()).map(({ to }) => to.toLowerCase())).toEqual([stored]);
  });

  test.each([
    ["jörg@example.com", "“ö” (U+00F6) at position 2 is not ASCII"],
    ["ann@[192.0.2.1]", "a number in place of a domain"],
    ["ann bob@example.com", "U+0020 at position 4"],
  ])("%s is refused with the reason", async (email, reason) => {
    const world = await subscriptionWorld();
    const reply = await world.send("POST", "/subscriptions/email", { json: { email } });
    expect(reply).toMatchObject({ status: 422, json: { error: expect.stringContaining(reason) } });
    expect(reply).toMatchObject({ json: { details: [{ field: "email" }] } });
  });

  test.each(["\u202d+4915112345678\u202c", "＋４９ １５１ １２３４５６７８", "+49\u00a0151\u200b 12345678\u2069"])(
    "%j",
    async (phone_number) => {
      const world = await subscriptionWorld();
      const reply = await world.send("POST", "/subscriptions/sms", { json: { phone_number } });
      expect(reply.status).toBe(202);
      const [sms] = await world.delivered();
      expect(sms?.to).toBe("+4915112345678");
      const code = /\d{6}/.exec(sms?.text ?? "")?.[0] ?? "";
      const confirmed = await world.send("POST", "/subscriptions/sms/confirm", {
        json: {
          phone_number,
          ...z.object({ sign_up: z.string() }).parse(reply.json),
          code: `\u200b${code.slice(0, 3)}\u00a0${code.slice(3)}.`,
        },
      });
      expect(confirmed.status).toBe(200);
    },
  );

  test.each([
    `${ENDPOINT}%E2%80%8B`,
    `\u200b${ENDPOINT}\u200b`,
    `${ENDPOINT}\u00a0`,
    ENDPOINT.replace("/hook", "/\u2060hook"),
  ])("%j", async (endpoint) => {
    const world = await webhookWorld();
    await world.register({ endpoint, email: `\ufeff${CONTACT}` });
    expect(await world.stored()).toMatchObject({ endpoint: ENDPOINT, contactEmail: CONTACT });
  });

  test("an endpoint with a space in it is refused with its place", async () => {
    const world = await webhookWorld();
    const { reply } = await world.register({ endpoint: "https://receiver.example.org/a\u00a0b" });
    expect(reply).toMatchObject({ status: 422, json: { error: "endpoint has U+0020 at position 31" } });
  });
});
