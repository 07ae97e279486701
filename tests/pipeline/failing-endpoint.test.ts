import { beforeEach, describe, expect, it } from "vitest";
import { ENDPOINT_FAILING } from "../../functions/core/delivery.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { resendDelivery } from "../../functions/send-chunk/resend-delivery.ts";
import { newestFirst } from "../fakes/queues.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const DOWN = { outcome: "unavailable", reason: "http 500", retryAfterMs: null } as const;
const down = (times: number) => Array.from({ length: times }, () => DOWN);
const HOUR = 60;

let world: World;
let dead: Subscriber;
let healthy: Subscriber;

beforeEach(async () => {
  world = createWorld();
  await world.start();
  dead = await world.subscribe("webhook");
  healthy = await world.subscribe("webhook");
});

const healthOf = async () => {
  const present = await world.subscribers.get(PAGE, "webhook", dead.id);
  return present?.channel === "webhook" ? present.health : undefined;
};
const deliveriesTo = ({ id }: Subscriber) => world.ledger.allDeliveries().filter((one) => one.subscriberId === id);
const attemptsAt = () => world.outside.attempts() - world.told(world.addressOf(healthy)).length;
const openAndSettle = async () => {
  const opened = await world.open();
  await world.settle();
  return opened;
};

describe("an endpoint known to be failing", () => {
  it("costs one attempt in an interval, however many incidents there are to tell of", async () => {
    world.outside.answer(world.addressOf(dead), ...down(1_000));
    await openAndSettle();
    await world.pass(1);
    expect(await healthOf()).toMatchObject({ failures: 2 });
    const before = attemptsAt();
    for (let incident = 0; incident < 40; incident += 1) {
      await openAndSettle();
      await world.pass(3);
    }
    // Two hours: one attempt after four minutes, then one every 24 minutes.
    expect(attemptsAt() - before).toBeLessThanOrEqual(6);
    expect(attemptsAt() - before).toBeGreaterThanOrEqual(4);
    expect(world.told(world.addressOf(healthy))).toHaveLength(41);
    const waiting = deliveriesTo(dead).filter(({ reason }) => reason === ENDPOINT_FAILING);
    expect(waiting.length).toBeGreaterThan(35);
    for (const { state, attempts } of waiting) expect([state, attempts <= 1]).toEqual(["retrying", true]);
  });

  it("is told of everything once it has recovered, each once", async () => {
    world.outside.answer(world.addressOf(dead), ...down(4));
    for (let incident = 0; incident < 12; incident += 1) {
      await openAndSettle();
      await world.pass(2);
    }
    // The first one's own schedule goes on from where it was.
    await world.pass(3 * HOUR);
    expect(deliveriesTo(dead).map(({ state }) => state)).toEqual(Array.from({ length: 12 }, () => "accepted"));
    const ids = world.told(world.addressOf(dead)).map(({ webhookId }) => webhookId);
    expect(new Set(ids).size).toBe(12);
    expect(ids).toHaveLength(12);
    expect(await healthOf()).toBeUndefined();
  });

  it("hears the newest of an incident's updates, which supersedes those that waited", async () => {
    world.outside.answer(world.addressOf(dead), ...down(2));
    await openAndSettle();
    await world.pass(1);
    const { incident, update } = await openAndSettle();
    await world.pass(1);
    const later = await world.post(incident.id, "identified");
    await world.settle();
    await world.pass(HOUR);
    expect(deliveriesTo(dead).find((one) => one.updateId === update.id)).toMatchObject({
      state: "superseded",
      reason: later.update.id,
      attempts: 0,
    });
    expect(deliveriesTo(dead).find((one) => one.updateId === later.update.id)).toMatchObject({ state: "accepted" });
  });

  it("is quarantined when its oldest delivery has exhausted its schedule; nothing stays open", async () => {
    world.outside.answer(world.addressOf(dead), ...down(10_000));
    for (let incident = 0; incident < 100; incident += 1) {
      await openAndSettle();
      await world.pass(HOUR / 2);
    }
    await world.pass(50 * HOUR);
    expect((await world.subscribers.get(PAGE, "webhook", dead.id))?.state).toBe("quarantined");
    const states = Map.groupBy(deliveriesTo(dead), ({ state }) => state);
    expect([...states.keys()].sort()).toEqual(["failed", "suppressed"]);
    // Three days and some hours at an attempt every 24 minutes; without the gate it would be nine or ten for each of 100.
    expect(attemptsAt()).toBeLessThan(220);
  });

  it("is quarantined in time also when a hundred deliveries wait and the oldest never come first", async () => {
    world = createWorld({ choose: newestFirst });
    await world.start();
    dead = await world.subscribe("webhook");
    world.outside.answer(world.addressOf(dead), ...down(10_000));
    for (let incident = 0; incident < 100; incident += 1) await world.open();
    await world.settle();
    await world.pass(95 * HOUR);
    expect((await world.subscribers.get(PAGE, "webhook", dead.id))?.state).toBe("quarantined");
    await world.pass(26 * HOUR);
    for (const { state } of deliveriesTo(dead)) expect(["failed", "suppressed"]).toContain(state);
  });

  it("is tried at once for what was sent again, and once only while that fails", async () => {
    world.outside.answer(world.addressOf(dead), ...down(50));
    for (let incident = 0; incident < 5; incident += 1) await openAndSettle();
    await world.pass(1);
    const before = attemptsAt();
    const ended = deliveriesTo(dead).map((one) => ({ ...one, state: "failed" as const, nextAttemptAt: null }));
    for (const delivery of ended) {
      const open = deliveriesTo(dead).find(({ updateId }) => updateId === delivery.updateId);
      if (open === undefined) throw new Error("no delivery");
      await world.ledger.changeDelivery(open, delivery, null);
      const deps = {
        ledger: world.ledger,
        resends: world.queues.ports,
        clock: world.clock,
        log: { info() {}, warn() {}, error() {} },
      };
      expect(await resendDelivery(deps, delivery, "integrator")).toMatchObject({ outcome: "queued" });
    }
    await world.settle();
    expect(attemptsAt() - before).toBe(1);
  });
});
