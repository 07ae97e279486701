import { describe, expect, test } from "vitest";
import { z } from "zod";
import { smsSize } from "../../../functions/core/sms-size.ts";
import { PAGE_ID, START, subscriptionWorld } from "./subscription-world.ts";

const PATH = "/subscriptions/sms";
const CONFIRM = "/subscriptions/sms/confirm";
const NUMBER = { phone_country: "DE", phone_number: "0151 12345678" };
const E164 = "+4915112345678";
const MINUTE = 60_000;

type World = Awaited<ReturnType<typeof subscriptionWorld>>;

/** What was answered and what was sent: both are needed to confirm. */
interface Asked {
  code: string;
  sign_up: string;
}

const acceptedSchema = z.object({ status: z.literal("accepted"), sign_up: z.string() });

async function signUp(world: World, more: object = {}): Promise<Asked> {
  const reply = await world.send("POST", PATH, { json: { ...NUMBER, ...more } });
  expect(reply.status).toBe(202);
  const { sign_up } = acceptedSchema.parse(reply.json);
  const [sms] = await world.delivered();
  expect(sms?.to).toBe(E164);
  return { sign_up, code: /\b\d{6}\b/.exec(sms?.text ?? "")?.[0] ?? "" };
}

const confirm = (world: World, asked: Asked, number: object = NUMBER) =>
  world.send("POST", CONFIRM, { json: { ...number, ...asked } });

/** Another code than that one. */
const wrong = ({ code, sign_up }: Asked, by = 1): Asked => ({
  sign_up,
  code: String((Number(code) + by) % 1_000_000).padStart(6, "0"),
});

test("a code goes to the number, in one segment; typed in time, it confirms", async () => {
  const world = await subscriptionWorld();
  const asked = await signUp(world, { locale: "de" });
  const { code } = asked;
  expect(await world.find("sms", E164)).toMatchObject({
    state: "unconfirmed",
    country: "DE",
    locale: "de",
    preferences: { updates: "first and last" },
  });
  expect(JSON.stringify(await world.find("sms", E164))).not.toContain(code);
  world.tick(10 * MINUTE - 1);
  expect(await confirm(world, asked)).toMatchObject({ status: 200, json: { status: "confirmed" } });
  expect(await world.find("sms", E164)).toMatchObject({ state: "active" });
  // The form sent twice.
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  expect((await confirm(world, { ...asked, code: spaced })).status).toBe(200);
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
  const sign_up = /name="sign_up" value="([\w-]+)"/.exec(page.text)?.[1] ?? "";
  const typed = (asked: Asked) =>
    form(`phone_country=DE&phone_number=%2B4915112345678&locale=de&sign_up=${asked.sign_up}&code=${asked.code}`);
  const again = await world.send("POST", CONFIRM, typed(wrong({ code, sign_up })));
  expect(again.status).toBe(422);
  expect(again.text).toContain('role="alert"');
  expect(again.text).toContain(sign_up);
  expect((await world.send("POST", CONFIRM, typed({ code, sign_up }))).text).toContain("Sie sind angemeldet");
});

describe("a code that does not work: one answer for all reasons", () => {
  async function answerTo(arrange: (world: World, asked: Asked) => Promise<[asked: Asked, number?: object]>) {
    const world = await subscriptionWorld();
    const asked = await signUp(world);
    const [typed, number] = await arrange(world, asked);
    const reply = await confirm(world, typed, number);
    expect(await world.find("sms", E164)).toMatchObject({ state: "unconfirmed" });
    return reply;
  }

  test("wrong, late, with another form's token, or of a number that nobody signed up", async () => {
    const reference = await answerTo(async (_, asked) => [wrong(asked)]);
    expect(reference).toMatchObject({ status: 422, json: { details: [{ field: "code" }] } });
    for (const arrange of [
      async (world: World, asked: Asked): Promise<[Asked]> => {
        world.tick(10 * MINUTE);
        return [asked];
      },
      async (world: World, { code }: Asked): Promise<[Asked]> => {
        world.tick(MINUTE);
        return [{ ...(await signUp(world)), code }];
      },
      async (_: World, asked: Asked): Promise<[Asked, object]> => [asked, { phone_number: "+4915187654321" }],
      async (_: World, asked: Asked): Promise<[Asked]> => [{ ...asked, code: "" }],
      async (_: World, asked: Asked): Promise<[Asked]> => [{ ...asked, sign_up: "nobodys" }],
    ]) {
      expect(await answerTo(arrange)).toEqual(reference);
    }
  });

  test("right, after five wrong ones", async () => {
    const world = await subscriptionWorld();
    const asked = await signUp(world);
    for (let guess = 1; guess <= 5; guess += 1) {
      expect((await confirm(world, wrong(asked, guess))).status).toBe(422);
      world.tick(MINUTE);
    }
    expect((await confirm(world, asked)).status).toBe(422);
    expect(await world.find("sms", E164)).toMatchObject({ state: "unconfirmed" });
  });

  test("a stranger's tries and sign-ups leave the code of whoever asked first as it is", async () => {
    const world = await subscriptionWorld();
    const asked = await signUp(world);
    for (let guess = 1; guess <= 30; guess += 1) {
      const source = `198.51.100.${guess}`;
      const json = { ...NUMBER, code: "000000", sign_up: `guess-${guess % 3}` };
      expect((await world.send("POST", CONFIRM, { json, source })).status).toBe(422);
    }
    world.tick(MINUTE);
    const theirs = await world.send("POST", PATH, { json: { ...NUMBER, locale: "de" }, source: "198.51.100.99" });
    const { sign_up } = acceptedSchema.parse(theirs.json);
    await world.delivered();
    for (let guess = 1; guess <= 9; guess += 1) await confirm(world, wrong({ ...asked, sign_up }, guess));
    expect((await confirm(world, asked)).status).toBe(200);
    // With what whoever confirmed has asked for.
    expect(await world.find("sms", E164)).toMatchObject({ state: "active", locale: "en" });
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
  const { code } = await signUp(world);
  world.tick(MINUTE);
  await world.send("POST", PATH, { json: NUMBER });
  const subscriber = await world.find("sms", E164);
  await world.subscribers.changeState(
    PAGE_ID,
    "sms",
    subscriber?.id ?? "",
    { from: ["unconfirmed"], to: "active" },
    START,
  );
  expect(await world.delivered()).toEqual([]);
  expect(code).toMatch(/^\d{6}$/);
});
