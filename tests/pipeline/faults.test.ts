import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../functions/core/delivery.ts";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { withdraw } from "../../functions/core/posting.ts";
import type { ChunkWork } from "../../functions/core/queued-work.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { sweep } from "../../functions/sweep/sweep.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const SECOND = 1_000;
const UNAVAILABLE = { outcome: "unavailable", reason: "down", retryAfterMs: null } as const;
const THROTTLED = { outcome: "throttled" } as const;

let world: World;

beforeEach(async () => {
  world = createWorld();
  await world.start();
});

const times = (subscriber: Subscriber) => world.told(world.addressOf(subscriber)).length;
const unsubscribe = ({ channel, id }: Subscriber) =>
  world.subscribers.changeState(PAGE, channel, id, { from: ["active"], to: "unsubscribed" }, world.clock());
const deliveryOf = (subscriber: Subscriber): Delivery | undefined =>
  world.ledger.allDeliveries().find(({ subscriberId }) => subscriberId === subscriber.id);

describe("a window", () => {
  it("records what is known when our own tables fail for one recipient, so that nobody else is doubled", async () => {
    const webhooks = await Promise.all(Array.from({ length: 5 }, () => world.subscribe("webhook")));
    const [first] = webhooks;
    if (first === undefined) throw new Error("no webhook");
    world.outside.answer(world.addressOf(first), { outcome: "gone", reason: "http 410" });
    world.refuseChangeState();
    const { update } = await world.open();
    await world.settle();
    await world.pass(4);
    expect(webhooks.map(times)).toEqual([0, 1, 1, 1, 1]);
    expect(deliveryOf(first)).toMatchObject({ state: "failed", reason: "http 410" });
    expect(await world.ledger.listChunks(PAGE, update.id)).toContainEqual(
      expect.objectContaining({ channel: "webhook", state: "done", window: [] }),
    );
  });
});

describe("no stranger", () => {
  it("is sent a retry whose slot was long in coming", async () => {
    const email = await world.subscribe("email");
    world.outside.answer(world.addressOf(email), UNAVAILABLE);
    await world.open();
    await world.settle();
    world.advance(60 * SECOND);
    await world.access.pause("email", world.clock() + 80 * SECOND);
    world.meanwhile(() => unsubscribe(email));
    await world.pass(1);
    expect(times(email)).toBe(0);
    expect(deliveryOf(email)).toMatchObject({ state: "suppressed", reason: "unsubscribed" });
  });

  it("is sent the update after a throttle", async () => {
    const email = await world.subscribe("email");
    world.outside.answer(world.addressOf(email), THROTTLED);
    await world.open();
    await world.settleStreamOnly();
    world.meanwhile(() => unsubscribe(email));
    await world.settle();
    await world.pass(3);
    expect(times(email)).toBe(0);
    expect(deliveryOf(email)).toMatchObject({ state: "suppressed", reason: "unsubscribed" });
  });
});

describe("sweep", () => {
  it("finishes what died in flight of an incident that was withdrawn before its plan was recorded", async () => {
    const email = await world.subscribe("email");
    world.loseStream(true);
    const { incident, update } = await world.open();
    const key = {
      pageId: PAGE,
      subject: { kind: "incident", id: incident.id },
      updateId: update.id,
      seq: 1,
      channel: "email",
    } as const;
    const chunk = { ...key, chunk: 0, of: 1 };
    const names = [
      { format: "email", locale: "en" },
      { format: "sms", locale: "en" },
      { format: "webhook", locale: null },
    ] as const;
    for (const name of names) {
      const rendering = { pageId: PAGE, updateId: update.id, ...name };
      await world.ledger.keepRendering(rendering, { parts: ["text"], slots: [] }, world.clock());
    }
    await world.ledger.claimChunk(chunk, 0, world.clock(), world.clock() + LEASE_MS);
    await world.ledger.openWindow(chunk, 1, [email.id], []);
    await world.status.commitIncident(withdraw(incident, world.clock()));
    await world.pass(6);
    expect(deliveryOf(email)).toMatchObject({ state: "suppressed", reason: "withdrawn" });
    expect(await world.ledger.getNotice(PAGE, update.id)).toMatchObject({ state: "done" });
  });

  it("sends a chunk again whose resend it died over, while other chunks are at work for hours", async () => {
    world.loseStream(true);
    const { incident, update } = await world.open();
    const key = {
      pageId: PAGE,
      subject: { kind: "incident", id: incident.id },
      updateId: update.id,
      seq: 1,
      channel: "email",
    } as const;
    const notice = await world.ledger.getNotice(PAGE, update.id);
    if (notice === null) throw new Error("no notice");
    await world.ledger.markPlanned(notice, { email: 2, sms: 0, webhook: 0 }, world.clock());
    await world.ledger.requeueChunk({ ...key, chunk: 1, of: 2 }, world.clock(), world.clock());
    const sent: ChunkWork[] = [];
    for (let minute = 0; minute < 12; minute += 1) {
      world.advance(60 * SECOND);
      const [alive] = await world.ledger.getChunks([{ ...key, chunk: 0 }]);
      if (alive === undefined || alive.leaseUntil <= world.clock()) {
        await world.ledger.claimChunk({ ...key, chunk: 0, of: 2 }, 0, world.clock(), world.clock() + LEASE_MS);
      }
      await sweep({
        status: world.status,
        ledger: world.ledger,
        access: world.access,
        subscribers: world.subscribers,
        mail: { quota: async () => ({ perSecond: 1, leftToday: null }) },
        queues: {
          sendChunks: async (works) => void sent.push(...works),
          sendRetry: async () => {},
          wakePlanner: async () => {},
          wakePublisher: async () => {},
        },
        pageBuild: "one",
        clock: world.clock,
      });
    }
    expect(sent.filter(({ chunk }) => chunk === 1)).toMatchObject([{ resend: 2 }]);
  });
});

describe("a day's quota that updates have used up", () => {
  it("lets letters through meanwhile, and loses no update", async () => {
    const reader = await world.subscribe("email");
    const newcomer = await world.subscribe("email", { state: "unconfirmed", confirmedAt: null });
    await world.access.saveRate("email", { perSecond: 500, leftToday: 0 }, world.clock());
    const { update } = await world.open();
    await world.settle();
    await world.queues.ports.sendLetter({
      kind: "letter",
      letterId: "letterletter",
      cause: "anybody",
      letter: { about: "confirmation" },
      pageId: PAGE,
      channel: "email",
      subscriberId: newcomer.id,
      raw: "Subject: Please confirm\r\n\r\n",
    });
    await world.settle();
    expect([times(reader), times(newcomer)]).toEqual([0, 1]);
    expect(await world.ledger.listChunks(PAGE, update.id)).toContainEqual(
      expect.objectContaining({ channel: "email", state: "queued" }),
    );
    // Sweep reads what there is again.
    await world.pass(3);
    expect(times(reader)).toBe(1);
    expect(deliveryOf(reader)).toMatchObject({ state: "accepted", attempts: 1 });
  });
});

describe("a retry of a mail", () => {
  // The deduplication id repeats while the number of attempts does: SQS swallows it for five minutes.
  it("that was throttled twice comes up again within its delay and a sweep", async () => {
    const email = await world.subscribe("email");
    world.outside.answer(world.addressOf(email), ...Array.from({ length: 90 }, () => THROTTLED));
    await world.open();
    await world.settle();
    await world.pass(5);
    expect(times(email)).toBe(1);
  });

  it("whose queue was lost comes up again after the grace", async () => {
    const email = await world.subscribe("email");
    world.outside.answer(world.addressOf(email), UNAVAILABLE);
    await world.open();
    await world.settle();
    world.advance(60 * SECOND);
    await sweepOnly();
    world.queues.lose();
    await world.pass(4);
    expect(times(email)).toBe(1);
  });
});

async function sweepOnly(): Promise<void> {
  await sweep({
    status: world.status,
    ledger: world.ledger,
    access: world.access,
    subscribers: world.subscribers,
    mail: { quota: async () => ({ perSecond: 500, leftToday: null }) },
    queues: world.queues.ports,
    pageBuild: "one",
    clock: world.clock,
  });
}
