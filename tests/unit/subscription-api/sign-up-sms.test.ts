import { describe, expect, test } from "vitest";
import { smsSize } from "../../../functions/core/sms-size.ts";
import { PAGE_ID, START, subscriptionWorld } from "./subscription-world.ts";

const PATH = "/subscriptions/sms";
const CONFIRM = "/subscriptions/sms/confirm";
const NUMBER = { phone_country: "DE", phone_number: "0151 12345678" };
const E164 = "+4915112345678";
const MINUTE = 60_000;

type World = Awaited<ReturnType<typeof subscriptionWorld>>;

async function signUp(world: World, more: object = {}): Promise<string> {
  const reply = await world.send("POST", PATH, { json: { ...NUMBER, ...more } });
  expect(reply).toMatchObject({ status: 202, json: { status: "accepted" } });
  const [sms] = await world.delivered();
  expect(sms?.to).toBe(E164);
  return /\b\d{6}\b/.exec(sms?.text ?? "")?.[0] ?? "";
}

const confirm = (world: World, code: string, number: object = NUMBER) =>
  world.send("POST", CONFIRM, { json: { ...number, code } });

/** Another code than that one. */
const wrong = (code: string, by = 1) => String((Number(code) + by) % 1_000_000).padStart(6, "0");

test("a code goes to the number, in one segment; typed in time, it confirms", async () => {
  const world = await subscriptionWorld();
  const code = await signUp(world, { locale: "de" });
  expect(await world.find("sms", E164)).toMatchObject({
    state: "unconfirmed",
    country: "DE",
    locale: "de",
    preferences: { updates: "first and last" },
  });
  expect(JSON.stringify(await world.find("sms", E164))).not.toContain(code);
  world.tick(10 * MINUTE - 1);
  expect(await confirm(world, code)).toMatchObject({ status: 200, json: { status: "confirmed" } });
  expect(await world.find("sms", E164)).toMatchObject({ state: "active" });
  // The form sent twice.
  expect((await confirm(world, `${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(200);
});

test.each(["en", "de"])("what is sent fits one segment, whatever the page is called (%s)", async (locale) => {
  const world = await subscriptionWorld();
  const page = await world.status.getPage(PAGE_ID);
  if (page !== null)
    await world.status.savePage({ ...page, name: "Größte denkbare Plattform für äußerst viele Dienste ".repeat(4) });
  await world.send("POST", PATH, { json: { ...NUMBER, locale } });
  const [sms] = await world.delivered();
  expect(smsSize(sms?.text ?? "")).toMatchObject({ segments: 1 });
  expect(sms?.text).toMatch(/^\d{6} /);
});

test("the form is answered by a page to type the code into, and that by one that says it is done", async () => {
  const world = await subscriptionWorld();
  const form = (body: string) => ({ body, contentType: "application/x-www-form-urlencoded" });
  const page = await world.send("POST", PATH, form("phone_country=DE&phone_number=0151+12345678&locale=de"));
  expect(page.status).toBe(202);
  expect(page.text).toContain('action="/subscriptions/sms/confirm"');
  const [sms] = await world.delivered();
  const code = /\d{6}/.exec(sms?.text ?? "")?.[0] ?? "";
  const typed = (digits: string) => form(`phone_country=DE&phone_number=%2B4915112345678&locale=de&code=${digits}`);
  const again = await world.send("POST", CONFIRM, typed(wrong(code)));
  expect(again.status).toBe(422);
  expect(again.text).toContain('role="alert"');
  expect((await world.send("POST", CONFIRM, typed(code))).text).toContain("Sie sind angemeldet");
});

describe("a code that does not work: one answer for all reasons", () => {
  async function answerTo(arrange: (world: World, code: string) => Promise<[code: string, number?: object]>) {
    const world = await subscriptionWorld();
    const code = await signUp(world);
    const [typed, number] = await arrange(world, code);
    const reply = await confirm(world, typed, number);
    expect(await world.find("sms", E164)).toMatchObject({ state: "unconfirmed" });
    return reply;
  }

  test("wrong, late, replaced, or of a number that nobody signed up", async () => {
    const reference = await answerTo(async (_, code) => [wrong(code)]);
    expect(reference).toMatchObject({ status: 422, json: { details: [{ field: "code" }] } });
    for (const arrange of [
      async (world: World, code: string): Promise<[string]> => {
        world.tick(10 * MINUTE);
        return [code];
      },
      async (world: World, code: string): Promise<[string]> => {
        world.tick(MINUTE);
        await signUp(world);
        return [code];
      },
      async (_: World, code: string): Promise<[string, object]> => [code, { phone_number: "+4915187654321" }],
      async (): Promise<[string]> => [""],
    ]) {
      expect(await answerTo(arrange)).toEqual(reference);
    }
  });

  test("right, after five wrong ones", async () => {
    const world = await subscriptionWorld();
    const code = await signUp(world);
    for (let guess = 1; guess <= 5; guess += 1) {
      expect((await confirm(world, wrong(code, guess))).status).toBe(422);
      world.tick(MINUTE);
    }
    expect((await confirm(world, code)).status).toBe(422);
    expect(await world.find("sms", E164)).toMatchObject({ state: "unconfirmed" });
  });
});

describe("caps", () => {
  test("one code a minute and five a day for a number, however many sources ask", async () => {
    const world = await subscriptionWorld();
    let sent = 0;
    for (let index = 0; index < 200; index += 1) {
      await world.send("POST", PATH, { json: NUMBER, source: `198.51.100.${index}` });
      sent += (await world.delivered()).length;
      if (index === 10) expect(sent).toBe(1);
      world.tick(5_000);
    }
    expect(sent).toBe(5);
  });

  test("ten sign-ups in four hours for a source", async () => {
    const world = await subscriptionWorld();
    for (let index = 0; index < 10; index += 1) {
      const number = { phone_country: "DE", phone_number: `0151 1234567${index}` };
      expect((await world.send("POST", PATH, { json: number })).status).toBe(202);
    }
    const refused = await world.send("POST", PATH, { json: NUMBER });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await world.send("POST", PATH, { json: NUMBER, source: "198.51.100.1" })).status).toBe(202);
  });
});

describe("what is wrong is named", () => {
  test.each([
    ["a country that gets no SMS", { phone_country: "US", phone_number: "202 555 0123" }, "phone_country"],
    ["a number of such a country", { phone_number: "+12025550123" }, "phone_number"],
    ["no mobile number", { phone_country: "DE", phone_number: "030 123456" }, "phone_number"],
    ["no number", { phone_country: "DE" }, "phone_number"],
  ])("%s", async (_what, json, field) => {
    const world = await subscriptionWorld();
    expect(await world.send("POST", PATH, { json })).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(world.queues.sent).toEqual([]);
  });
});

test("a number that is subscribed already is sent a link instead, in one segment; nothing changes", async () => {
  const world = await subscriptionWorld();
  await confirm(world, await signUp(world));
  const before = await world.find("sms", E164);
  world.tick(MINUTE);
  await world.send("POST", PATH, { json: NUMBER });
  const [sms] = await world.delivered();
  expect(sms?.text).toMatch(/ https:\/\/subs\.example\/manage\/[\w.-]+$/);
  expect(smsSize(sms?.text ?? "")).toMatchObject({ segments: 1 });
  expect(await world.find("sms", E164)).toEqual(before);
});

test("a code that is queued for too long is not sent any more, nor one that somebody else's replaced by confirming", async () => {
  const world = await subscriptionWorld();
  await world.send("POST", PATH, { json: NUMBER });
  world.tick(10 * MINUTE);
  expect(await world.delivered()).toEqual([]);
  const code = await signUp(world);
  world.tick(MINUTE);
  await world.send("POST", PATH, { json: NUMBER });
  const subscriber = await world.find("sms", E164);
  await world.subscribers.changeState(PAGE_ID, "sms", subscriber?.id ?? "", ["unconfirmed"], "active", START);
  expect(await world.delivered()).toEqual([]);
  expect(code).toMatch(/^\d{6}$/);
});
