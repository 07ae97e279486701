import { describe, expect, test } from "vitest";
import { PAGE_ID, subscriptionWorld, type World } from "./subscription-world.ts";

const PATH = "/subscriptions/email";
const MINUTE = 60_000;
const GRACE = "grace@example.org";

describe("caps", () => {
  test("a storm of 10,000 requests for one victim, by many sources and spellings, sends at most three mails", async () => {
    const world = await subscriptionWorld();
    const stored: string[] = [];
    let mails = 0;
    for (let index = 0; index < 10_000; index += 1) {
      const spelling = ["victim", "v.i.c.t.i.m", `victim+${index}`, `Vic.Tim+${index}`][index % 4];
      const host = index % 3 === 0 ? "googlemail.com" : "gmail.com";
      const source = index % 2 === 0 ? `198.51.${index % 200}.${(index * 7) % 250}` : `2001:db8:${index % 400}::1`;
      const reply = await world.send("POST", index % 5 === 0 ? "/manage" : PATH, {
        json: { email: `${spelling}@${host}` },
        source,
      });
      stored.push(String(reply.status));
      mails += (await world.delivered()).length;
      // Eight hours in all.
      world.tick(2_880);
    }
    expect(new Set(stored)).toEqual(new Set(["202"]));
    expect(mails).toBeLessThanOrEqual(3);
    expect((await world.subscribers.list(PAGE_ID, "email", 100, null)).items.length).toBeLessThanOrEqual(4);
  });

  test("one mail in ten minutes, then another", async () => {
    const world = await subscriptionWorld();
    for (let minute = 0; minute < 10; minute += 1) {
      await world.send("POST", PATH, { json: { email: GRACE } });
      expect(await world.delivered()).toHaveLength(minute === 0 ? 1 : 0);
      world.tick(MINUTE);
    }
    await world.send("POST", PATH, { json: { email: GRACE } });
    expect(await world.delivered()).toHaveLength(1);
  });

  test("a source that asks too often is told when to come back, whatever the address", async () => {
    const world = await subscriptionWorld();
    const ask = (index: number, source: string) =>
      world.send("POST", PATH, { json: { email: `person${index}@example.org` }, source });
    for (let index = 0; index < 20; index += 1) expect((await ask(index, `2001:db8::${index}`)).status).toBe(202);
    const refused = await ask(31, "2001:db8::ffff");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(await world.find("email", "person31@example.org")).toBeNull();
    expect((await ask(32, "2001:db8:0:1::1")).status).toBe(202);
  });
});

describe("a CAPTCHA", () => {
  const captcha = (outcome: "solved" | "not solved" | "no answer") => {
    const asked: string[][] = [];
    const verify = async (...parameters: [string, string]) => {
      asked.push(parameters);
      return outcome;
    };
    return { asked, verify };
  };

  test("is asked for where endpoints are registered too", async () => {
    const registration = { endpoint: "https://receiver.example.org/hook", email: GRACE };
    const send = (world: World, more: object) =>
      world.send("POST", "/subscriptions/webhooks", { json: { ...registration, ...more } });
    const world = await subscriptionWorld({ captcha: captcha("not solved") });
    for (const more of [{}, { captcha_token: "t" }]) {
      expect(await send(world, more)).toMatchObject({ status: 422, json: { details: [{ field: "captcha_token" }] } });
    }
    expect(world.queues.sent).toEqual([]);
    const solved = await subscriptionWorld({ captcha: captcha("solved") });
    expect((await send(solved, { "cf-turnstile-response": "t" })).status).toBe(201);
  });

  test("is asked of its provider, under whichever name the widget gives its token", async () => {
    const solved = captcha("solved");
    for (const field of ["captcha_token", "h-captcha-response", "cf-turnstile-response", "g-recaptcha-response"]) {
      const world = await subscriptionWorld({ captcha: solved });
      expect((await world.send("POST", PATH, { json: { email: GRACE, [field]: "t" } })).status).toBe(202);
      expect(await world.find("email", GRACE)).not.toBeNull();
    }
    expect(solved.asked).toEqual(Array.from({ length: 4 }, () => ["t", "192.0.2.1"]));
  });

  test.each([
    ["is missing", { email: GRACE }, "solved", 422],
    ["was not solved", { email: GRACE, captcha_token: "t" }, "not solved", 422],
    ["cannot be checked", { email: GRACE, captcha_token: "t" }, "no answer", 503],
  ] as const)("that %s: nothing is stored or sent", async (_what, body, outcome, status) => {
    const world = await subscriptionWorld({ captcha: captcha(outcome) });
    expect((await world.send("POST", PATH, { json: body })).status).toBe(status);
    expect(await world.find("email", GRACE)).toBeNull();
    expect(world.queues.sent).toEqual([]);
  });
});
