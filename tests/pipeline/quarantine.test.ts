import { simpleParser } from "mailparser";
import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../functions/core/delivery.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import type { CrashPoint } from "../fakes/crash.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const CONTACT = "integrator@subscriber.example";
const HOUR_MINUTES = 60;
/** The schedule's delays add up to 75 h 35 min and 5 s, with the world's jitter in the middle. */
const WHOLE_SCHEDULE_MINUTES = 77 * HOUR_MINUTES;
const DOWN = { outcome: "unavailable", reason: "http 500", retryAfterMs: null } as const;
const TEN_ATTEMPTS = Array.from({ length: 10 }, () => DOWN);

let world: World;
let webhook: Subscriber;

beforeEach(async () => {
  world = createWorld();
  await world.start();
  webhook = await world.subscribe("webhook", {}, CONTACT);
});

const stateNow = async () => (await world.subscribers.get(PAGE, "webhook", webhook.id))?.state;
const deliveryOf = (updateId: string): Delivery | undefined =>
  world.ledger.allDeliveries().find((delivery) => delivery.updateId === updateId);
const letters = () => world.told(CONTACT);

describe("an endpoint that fails for three days", () => {
  beforeEach(() => world.outside.answer(world.addressOf(webhook), ...TEN_ATTEMPTS, ...TEN_ATTEMPTS));

  it("is quarantined, its contact told once, and nothing more sent to it", async () => {
    const { update } = await world.open();
    await world.settle();
    await world.pass(75 * HOUR_MINUTES);
    expect(await stateNow()).toBe("active");
    expect(letters()).toEqual([]);
    await world.pass(3 * HOUR_MINUTES + 30);
    expect(await stateNow()).toBe("quarantined");
    expect(deliveryOf(update.id)).toMatchObject({ state: "failed", reason: "http 500", attempts: 10 });
    expect(letters()).toHaveLength(1);
    const mail = await simpleParser(letters()[0]?.text ?? "");
    expect(mail.to).toMatchObject({ text: CONTACT });
    expect(mail.text).toContain("hooks.example");
    expect(mail.text).not.toContain(webhook.id);
    expect(mail.text).toContain("HTTP 500");

    const attempts = world.outside.attempts();
    await world.open();
    await world.settle();
    await world.pass(10);
    expect(world.outside.attempts()).toBe(attempts);
  });

  it("has its other open deliveries end as suppressed", async () => {
    await world.open();
    await world.settle();
    await world.pass(HOUR_MINUTES);
    const other = await world.open();
    await world.settle();
    await world.pass(WHOLE_SCHEDULE_MINUTES + 26 * HOUR_MINUTES);
    expect(await stateNow()).toBe("quarantined");
    expect(deliveryOf(other.update.id)).toMatchObject({ state: "suppressed", reason: "quarantined" });
    expect(letters()).toHaveLength(1);
  });

  it("is not told of when it was subscribed anew before the mail went out", async () => {
    await world.open();
    await world.settle();
    for (let minute = 0; (await stateNow()) === "active" && minute < WHOLE_SCHEDULE_MINUTES; minute += 1) {
      await world.pass(1);
    }
    await world.subscribers.changeState(
      PAGE,
      "webhook",
      webhook.id,
      { from: ["quarantined"], to: "active" },
      world.clock(),
    );
    await world.pass(2 * HOUR_MINUTES);
    expect(letters()).toEqual([]);
  });

  const crashes: CrashPoint[] = (["sendQuarantine", "changeDelivery", "sendLetter"] as const).flatMap((method) =>
    (["before", "after"] as const).map((when) => ({ method, call: 1, when })),
  );
  it.each(crashes)("is quarantined and its contact told, whoever dies $when $method", async (point) => {
    await world.open();
    await world.settle();
    await world.pass(75 * HOUR_MINUTES);
    // The tenth attempt's claim is a changeDelivery too: the second one is its end.
    world.crash.arm(point.method === "changeDelivery" ? { ...point, call: 2 } : point);
    await world.pass(5 * HOUR_MINUTES);
    expect(world.crash.isArmed()).toBe(false);
    expect(await stateNow()).toBe("quarantined");
    const told = letters().length;
    expect(told).toBeGreaterThanOrEqual(1);
    // The queue brings a mail again whose rendering died after passing it on.
    expect(told).toBeLessThanOrEqual(2);
  });
});

describe("an endpoint whose delivery exhausts its schedule", () => {
  it("stays active when it accepted anything in the meantime", async () => {
    world.outside.answer(world.addressOf(webhook), ...TEN_ATTEMPTS.slice(0, 6));
    await world.open();
    await world.settle();
    // Five of its attempts are over. The other incident's update is accepted after one failure.
    await world.pass(3 * HOUR_MINUTES);
    await world.open();
    await world.settle();
    await world.pass(30);
    expect(world.told(world.addressOf(webhook))).toHaveLength(1);
    world.outside.answer(world.addressOf(webhook), ...TEN_ATTEMPTS);
    await world.pass(WHOLE_SCHEDULE_MINUTES);
    expect(world.ledger.allDeliveries().map(({ state }) => state)).toEqual(["failed", "accepted"]);
    expect(await stateNow()).toBe("active");
    expect(letters()).toEqual([]);
  });

  it("is quarantined in silence when it has no contact", async () => {
    const silent = await world.subscribe("webhook");
    world.outside.answer(world.addressOf(silent), ...TEN_ATTEMPTS);
    await world.open();
    await world.settle();
    await world.pass(WHOLE_SCHEDULE_MINUTES);
    expect(await world.subscribers.get(PAGE, "webhook", silent.id)).toMatchObject({ state: "quarantined" });
    expect(world.outside.reached.filter(({ channel }) => channel === "email")).toEqual([]);
  });
});

describe("many endpoints of one contact that fail together", () => {
  const COUNT = 58;

  async function fail(proven: boolean): Promise<void> {
    const endpoints: Subscriber[] = [webhook];
    for (let index = 1; index < COUNT; index += 1) endpoints.push(await world.subscribe("webhook", {}, CONTACT));
    for (const endpoint of endpoints) {
      const read = await world.subscribers.get(PAGE, "webhook", endpoint.id);
      if (read?.channel !== "webhook") throw new Error("no endpoint");
      const { contactProvenAt: _, ...unproven } = read;
      if (!proven) await world.subscribers.replace(read, unproven);
      world.outside.answer(world.addressOf(endpoint), ...TEN_ATTEMPTS);
    }
    await world.open();
    await world.settle();
    await world.pass(WHOLE_SCHEDULE_MINUTES + 4 * HOUR_MINUTES);
    for (const { id } of endpoints) {
      expect(await world.subscribers.get(PAGE, "webhook", id)).toMatchObject({ state: "quarantined" });
    }
  }

  it("are one mail to whoever has shown to be their contact", async () => {
    await fail(true);
    expect(letters()).toHaveLength(1);
    expect((await simpleParser(letters()[0]?.text ?? "")).subject).toContain(`${COUNT} of your webhooks`);
  });

  it("are none to whom somebody else may have named", async () => {
    await fail(false);
    expect(letters()).toEqual([]);
  });
});
