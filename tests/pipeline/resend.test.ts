import { beforeEach, describe, expect, it } from "vitest";
import { audienceOf, countDeliveries, resend, sumCounts } from "../../functions/core/delivery.ts";
import { retryWorkOf } from "../../functions/core/queued-work.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let reader: Subscriber;

beforeEach(async () => {
  world = createWorld();
  await world.start();
  reader = await world.subscribe("email");
  for (let count = 0; count < 9; count += 1) await world.subscribe("email");
});

const read = () => world.told(world.addressOf(reader)).map(({ text }) => /We are (\w+)\./.exec(text)?.[1]);

async function deliveryOf(seq: number) {
  const found = world.ledger
    .allDeliveries()
    .find((delivery) => delivery.subscriberId === reader.id && delivery.seq === seq);
  if (found === undefined) throw new Error("no delivery");
  return found;
}

/** What the API does, but for the queue: sweep finds it. */
async function resendUpdate(seq: number) {
  const ended = await deliveryOf(seq);
  const due = resend(ended, world.clock(), "operator");
  if (due === null) throw new Error("open");
  expect(await world.ledger.changeDelivery(ended, due, null)).toEqual({ outcome: "saved" });
}

/** Every delivery of the update is counted once, where it is now. */
async function expectCountsRight(updateId: string) {
  const own = world.ledger.allDeliveries().filter((delivery) => delivery.updateId === updateId);
  const chunks = await world.ledger.listChunks(PAGE, updateId);
  const counts = sumCounts(chunks.map((chunk) => chunk.counts));
  expect(counts).toEqual(countDeliveries(own));
  expect(audienceOf(counts)).toBe(10);
  expect(chunks.flatMap((chunk) => chunk.retrying)).toEqual(
    own.filter(({ state }) => state === "retrying" || state === "sending").map(({ subscriberId }) => subscriberId),
  );
}

describe("an operator's resend", () => {
  it("arrives after a later update, marked exempt, and counts stay right", async () => {
    world.outside.answer(world.addressOf(reader), { outcome: "rejected", reason: "mailbox full" });
    const { incident, update } = await world.open();
    await world.settle();
    const second = await world.post(incident.id, "monitoring");
    await world.settle();
    expect(await deliveryOf(1)).toMatchObject({ state: "failed" });
    expect(read()).toEqual(["monitoring"]);
    const measured = (await world.ledger.listChunks(PAGE, update.id)).map(({ histogram, slowestMs }) => ({
      histogram,
      slowestMs,
    }));

    await resendUpdate(1);
    await expectCountsRight(update.id);
    await world.pass(2);

    expect(read()).toEqual(["monitoring", "investigating"]);
    expect(await deliveryOf(1)).toMatchObject({ state: "accepted", attempts: 2, resent: { from: "failed" } });
    await expectCountsRight(update.id);
    await expectCountsRight(second.update.id);
    const chunks = await world.ledger.listChunks(PAGE, update.id);
    expect(chunks.map(({ histogram, slowestMs }) => ({ histogram, slowestMs }))).toEqual(measured);
  });

  it("neither ends for a later update that is posted meanwhile nor holds it up", async () => {
    world.outside.answer(
      world.addressOf(reader),
      { outcome: "rejected", reason: "mailbox full" },
      { outcome: "unavailable", reason: "try later", retryAfterMs: null },
    );
    const { incident, update } = await world.open();
    await world.settle();
    await resendUpdate(1);
    await world.pass(1);
    expect(await deliveryOf(1)).toMatchObject({ state: "retrying", reason: "try later" });
    await world.post(incident.id, "resolved");
    await world.settle();
    expect(read()).toEqual(["resolved"]);
    await world.pass(10);
    expect(read()).toEqual(["resolved", "investigating"]);
    await expectCountsRight(update.id);
  });

  it("reaches nobody who has left meanwhile", async () => {
    const { update } = await world.open();
    await world.settle();
    await world.subscribers.changeState(
      PAGE,
      "email",
      reader.id,
      { from: ["active"], to: "unsubscribed" },
      world.clock(),
    );
    await resendUpdate(1);
    await world.pass(2);
    expect(read()).toEqual(["investigating"]);
    expect(await deliveryOf(1)).toMatchObject({
      state: "suppressed",
      reason: "unsubscribed",
      resent: { from: "accepted" },
    });
    await expectCountsRight(update.id);
  });

  it("reaches whoever came out of quarantine since, and so was confirmed once more", async () => {
    world.outside.answer(world.addressOf(reader), { outcome: "rejected", reason: "mailbox full" });
    await world.open();
    await world.settle();
    await world.subscribers.changeState(
      PAGE,
      "email",
      reader.id,
      { from: ["active"], to: "quarantined" },
      world.clock(),
    );
    await world.pass(60);
    await world.subscribers.changeState(
      PAGE,
      "email",
      reader.id,
      { from: ["quarantined"], to: "active" },
      world.clock(),
    );
    await resendUpdate(1);
    await world.pass(2);
    expect(read()).toEqual(["investigating"]);
    expect(await deliveryOf(1)).toMatchObject({ state: "accepted", resent: { from: "failed" } });
  });

  it("is not lost with the queue, and not doubled by sweep queueing it too", async () => {
    await world.open();
    await world.settle();
    await resendUpdate(1);
    await world.queues.ports.sendRetry(retryWorkOf(await deliveryOf(1), world.clock()), 0);
    await world.pass(3);
    expect(read()).toEqual(["investigating", "investigating"]);
  });
});
