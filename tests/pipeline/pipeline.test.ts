import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../functions/core/delivery.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import type { CrashPoint } from "../fakes/crash.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let everyone: Subscriber[];

beforeEach(async () => {
  world = createWorld();
  await world.start();
  everyone = [];
  for (const channel of ["email", "sms", "webhook"] as const) {
    for (let count = 0; count < 30; count += 1) everyone.push(await world.subscribe(channel));
  }
});

const on = (channel: Subscriber["channel"]) => everyone.filter((subscriber) => subscriber.channel === channel);
const times = (subscriber: Subscriber) => world.told(world.addressOf(subscriber)).length;
const statesOf = (updateId: string) =>
  Object.groupBy(
    world.ledger.allDeliveries().filter((delivery: Delivery) => delivery.updateId === updateId),
    ({ state }) => state,
  );

describe("an update", () => {
  it("reaches every subscriber of every channel exactly once", async () => {
    const { update } = await world.open();
    await world.settle();
    for (const subscriber of everyone) expect(times(subscriber)).toBe(1);
    expect(Object.keys(statesOf(update.id))).toEqual(["accepted"]);
    expect(world.outside.published).toHaveLength(1);
    await world.pass(1);
    expect(await world.ledger.getNotice(PAGE, update.id)).toMatchObject({ state: "done" });
    expect(world.outside.attempts()).toBe(everyone.length);
  });

  it("reaches nobody who is unconfirmed, gone or subscribed to something else", async () => {
    const strangers = [
      await world.subscribe("email", { state: "unconfirmed", confirmedAt: null }),
      await world.subscribe("email", { state: "unsubscribed" }),
      await world.subscribe("webhook", { state: "quarantined" }),
      await world.subscribe("email", { scopes: { page: false, components: ["componentxyz"], incidents: [] } }),
      await world.subscribe("email", { confirmedAt: world.clock() + 60_000 }),
    ];
    await world.open();
    await world.settle();
    for (const stranger of strangers) expect(times(stranger)).toBe(0);
  });

  it("is told to SMS subscribers at the beginning and the end only", async () => {
    const { incident } = await world.open();
    await world.settle();
    await world.post(incident.id, "monitoring");
    await world.settle();
    await world.post(incident.id, "resolved");
    await world.settle();
    for (const subscriber of on("sms")) expect(times(subscriber)).toBe(2);
    for (const subscriber of on("email")) expect(times(subscriber)).toBe(3);
  });
});

describe("latest wins", () => {
  it("spares email the updates that were overtaken before they were sent, and gives webhooks all", async () => {
    const first = await world.open();
    const second = await world.post(first.incident.id, "monitoring");
    const third = await world.post(first.incident.id, "resolved");
    await world.settle();
    for (const subscriber of on("email")) expect(times(subscriber)).toBe(1);
    for (const subscriber of on("webhook")) expect(times(subscriber)).toBe(3);
    expect(statesOf(first.update.id).superseded?.every(({ reason }) => reason === third.update.id)).toBe(true);
    expect(statesOf(second.update.id).superseded?.some(({ channel }) => channel === "webhook")).toBe(false);
  });
});

describe("failures of a recipient", () => {
  it("are retried without holding up the others, under the same webhook-id", async () => {
    const [webhook] = on("webhook");
    if (webhook === undefined) throw new Error("no webhook");
    world.outside.answer(
      world.addressOf(webhook),
      { outcome: "unavailable", reason: "http 500", retryAfterMs: null },
      "accepted, no reply",
    );
    const { update } = await world.open();
    await world.settle();
    expect(world.outside.reached).toHaveLength(everyone.length - 1);
    await world.pass(8);
    const told = world.told(world.addressOf(webhook));
    expect(new Set(told.map(({ webhookId }) => webhookId)).size).toBe(1);
    expect(told).toHaveLength(2);
    expect(statesOf(update.id)).not.toHaveProperty("retrying");
    expect(statesOf(update.id).accepted).toHaveLength(everyone.length);
  });

  it("never send an ambiguous SMS again", async () => {
    const [sms] = on("sms");
    if (sms === undefined) throw new Error("no sms");
    world.outside.answer(world.addressOf(sms), "accepted, no reply");
    const { update } = await world.open();
    await world.settle();
    await world.pass(30);
    expect(times(sms)).toBe(1);
    expect(statesOf(update.id).ambiguous).toHaveLength(1);
  });

  it("end a retry when a later update has begun, so that nothing old arrives after something new", async () => {
    const [webhook] = on("webhook");
    if (webhook === undefined) throw new Error("no webhook");
    world.outside.answer(world.addressOf(webhook), { outcome: "unavailable", reason: "http 500", retryAfterMs: null });
    const { incident, update } = await world.open();
    await world.settle();
    const second = await world.post(incident.id, "resolved");
    await world.settle();
    await world.pass(10);
    expect(times(webhook)).toBe(1);
    expect(statesOf(update.id).superseded).toMatchObject([{ subscriberId: webhook.id, reason: second.update.id }]);
  });

  it("unsubscribe an endpoint that answers 410", async () => {
    const [webhook] = on("webhook");
    if (webhook === undefined) throw new Error("no webhook");
    world.outside.answer(world.addressOf(webhook), { outcome: "gone", reason: "http 410" });
    await world.open();
    await world.settle();
    expect(await world.subscribers.get(PAGE, "webhook", webhook.id)).toMatchObject({ state: "unsubscribed" });
  });

  it("hold back for a throttle and lose nothing", async () => {
    for (const subscriber of on("email").slice(0, 5))
      world.outside.answer(world.addressOf(subscriber), { outcome: "throttled" });
    const { update } = await world.open();
    await world.settle();
    for (const subscriber of on("email")) expect(times(subscriber)).toBe(1);
    expect(statesOf(update.id).accepted?.every(({ attempts }) => attempts === 1)).toBe(true);
  });
});

describe("what the pipeline survives", () => {
  it("a stream that lost its record: sweep plans the notice", async () => {
    world.loseStream(true);
    await world.open();
    await world.settle();
    expect(world.outside.reached).toHaveLength(0);
    await world.pass(2);
    for (const subscriber of everyone) expect(times(subscriber)).toBe(1);
  });

  it("a queue lost whole: sweep sends the chunks again", async () => {
    await world.open();
    await world.settleStreamOnly();
    expect(world.queues.size()).toBeGreaterThan(0);
    world.queues.lose();
    await world.settle();
    expect(world.outside.reached).toHaveLength(0);
    await world.pass(3);
    for (const subscriber of everyone) expect(times(subscriber)).toBe(1);
  });

  it("an incident deleted before its chunks were sent", async () => {
    const { incident, update } = await world.open();
    await world.settleStreamOnly();
    await world.status.commitIncident({
      incident: { ...incident, version: incident.version + 1, withdrawnAt: world.clock() },
      expectedVersion: incident.version,
      update: null,
      catalog: null,
      change: null,
      notice: null,
    });
    await world.settle();
    expect(world.outside.reached).toHaveLength(0);
    expect(statesOf(update.id).suppressed).toHaveLength(everyone.length);
  });
});

/** Every port call of a chunk's run, and of the plan's. */
const CRASHES: CrashPoint[] = [
  ["keepRendering", 2],
  ["fixChunks", 1],
  ["sendChunks", 1],
  ["publish", 1],
  ["markPlanned", 1],
  ["claimChunk", 1],
  ["openWindow", 1],
  ["send", 7],
  ["post", 7],
  ["recordDeliveries", 1],
  ["recordDeliveries", 3],
  ["closeWindow", 1],
  ["closeWindow", 4],
  ["finishChunk", 1],
].flatMap(([method, call]) =>
  (["before", "after"] as const).map((when) => ({ method: String(method), call: Number(call), when })),
);

describe("a crash anywhere", () => {
  it.each(CRASHES)("$when call $call of $method loses nobody and doubles only what was in flight", async (point) => {
    const { incident, update } = await world.open();
    world.crash.arm(point);
    await world.settle();
    expect(world.crash.isArmed()).toBe(false);
    await world.pass(6);
    for (const subscriber of everyone) {
      const received = world.told(world.addressOf(subscriber));
      expect(received.length).toBeLessThanOrEqual(2);
      expect(new Set(received.map(({ webhookId }) => webhookId)).size).toBeLessThanOrEqual(1);
      if (subscriber.channel === "sms") expect(received.length).toBeLessThanOrEqual(1);
      else expect(received.length).toBeGreaterThanOrEqual(1);
    }
    const doubled = everyone.filter((subscriber) => times(subscriber) === 2);
    expect(doubled.length).toBeLessThanOrEqual(25);
    const final = statesOf(update.id);
    const known = (final.accepted?.length ?? 0) + (final.ambiguous?.length ?? 0);
    expect(known).toBe(everyone.length);
    const chunks = await world.ledger.listChunks(PAGE, update.id);
    const counted = chunks.reduce((sum, { counts }) => sum + counts.accepted + counts.ambiguous, 0);
    expect(counted).toBe(everyone.length);
    expect(
      chunks.every(({ state, window, retrying }) => state === "done" && window.length === 0 && retrying.length === 0),
    ).toBe(true);

    await world.post(incident.id, "resolved");
    await world.settle();
    await world.pass(6);
    for (const subscriber of everyone)
      expect(world.told(world.addressOf(subscriber)).at(-1)?.text).toMatch(/resolved/i);
  });
});
