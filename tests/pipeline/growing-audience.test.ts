import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../functions/core/delivery.ts";
import type { Channel, Subscriber } from "../../functions/core/subscriber.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

let world: World;
let few: Subscriber[];

beforeEach(async () => {
  world = createWorld();
  await world.start();
  few = [...(await join("email", 10)), ...(await join("webhook", 10))];
});

const join = (channel: Channel, count: number) =>
  Promise.all(Array.from({ length: count }, () => world.subscribe(channel)));
/** Confirmed long enough before whatever comes next. */
async function manyJoin(): Promise<Subscriber[]> {
  world.advance(10_000);
  return [...(await join("email", 400)), ...(await join("webhook", 400))];
}

/** Newest first: a mail tells the incident's earlier updates below its own. */
const STATUSES = ["resolved", "monitoring", "identified", "investigating"];
const heard = (subscriber: Subscriber) =>
  world.told(world.addressOf(subscriber)).map(({ channel, text }) => {
    if (channel === "webhook") return /"status":"(\w+)"/.exec(text.slice(text.indexOf("incident_updates")))?.[1];
    return STATUSES.find((status) => text.includes(`We are ${status}.`));
  });
async function chunks(updateId: string): Promise<Record<Channel, number>> {
  const all = await world.ledger.listChunks(PAGE, updateId);
  const of = (channel: Channel) => all.filter((chunk) => chunk.channel === channel).length;
  return { email: of("email"), sms: of("sms"), webhook: of("webhook") };
}
const deliveriesOf = (updateId: string): Delivery[] =>
  world.ledger.allDeliveries().filter((delivery) => delivery.updateId === updateId);

const UNAVAILABLE = { outcome: "unavailable", reason: "http 500", retryAfterMs: null } as const;

describe("when the audience grows during an incident", () => {
  it("the next update is cut into more chunks and reaches everyone once, in order", async () => {
    const first = await world.open();
    await world.settle();
    expect(await chunks(first.update.id)).toEqual({ email: 1, sms: 1, webhook: 1 });
    const more = await manyJoin();
    const second = await world.post(first.incident.id, "identified");
    await world.settle();
    expect(await chunks(second.update.id)).toEqual({ email: 9, sms: 1, webhook: 17 });
    const third = await world.post(first.incident.id, "resolved");
    await world.settle();
    await world.pass(2);
    expect(await chunks(third.update.id)).toEqual({ email: 9, sms: 1, webhook: 17 });
    for (const subscriber of few) expect(heard(subscriber)).toEqual(["investigating", "identified", "resolved"]);
    for (const subscriber of more) expect(heard(subscriber)).toEqual(["identified", "resolved"]);
    for (const { update } of [first, second, third]) {
      expect(await world.ledger.getNotice(PAGE, update.id)).toMatchObject({ state: "done" });
    }
  });

  it("the latest wins across the rise: mails of the middle update are superseded, webhooks get all three", async () => {
    const first = await world.open();
    await world.settle();
    const more = await manyJoin();
    const second = await world.post(first.incident.id, "identified");
    const third = await world.post(first.incident.id, "resolved");
    await world.settle();
    await world.pass(2);
    const mails = deliveriesOf(second.update.id).filter(({ channel }) => channel === "email");
    expect(mails).toHaveLength(410);
    for (const mail of mails) expect(mail).toMatchObject({ state: "superseded", reason: third.update.id });
    for (const subscriber of [...few, ...more]) {
      const isNew = more.includes(subscriber);
      const middle = subscriber.channel === "webhook" ? ["identified"] : [];
      expect(heard(subscriber)).toEqual([...(isNew ? [] : ["investigating"]), ...middle, "resolved"]);
    }
  });

  it("the number stays while an earlier update is still being retried, and the retry gives way", async () => {
    const webhook = few.find(({ channel }) => channel === "webhook");
    if (webhook === undefined) throw new Error("no webhook");
    world.outside.answer(world.addressOf(webhook), UNAVAILABLE, UNAVAILABLE);
    const first = await world.open();
    await world.settle();
    const more = await manyJoin();
    const second = await world.post(first.incident.id, "identified");
    await world.settle();
    expect(await chunks(second.update.id)).toEqual({ email: 9, sms: 1, webhook: 1 });
    // It failed twice, so it is left alone for five minutes.
    await world.pass(7);
    expect(heard(webhook)).toEqual(["identified"]);
    const third = await world.post(first.incident.id, "resolved");
    await world.settle();
    await world.pass(2);
    expect(await chunks(third.update.id)).toEqual({ email: 9, sms: 1, webhook: 17 });
    expect(heard(webhook)).toEqual(["identified", "resolved"]);
    for (const subscriber of more) expect(heard(subscriber)).toEqual(["identified", "resolved"]);
  });

  it("the number stays while an earlier update is not planned yet, and both are sent", async () => {
    const first = await world.open();
    await world.settle();
    world.loseStream(true);
    const second = await world.post(first.incident.id, "identified");
    world.crash.arm({ method: "sendChunks", call: 1, when: "before" });
    world.loseStream(false);
    await world.pass(1);
    expect(world.crash.isArmed()).toBe(false);
    const more = await manyJoin();
    const third = await world.post(first.incident.id, "resolved");
    await world.settle();
    expect(await chunks(third.update.id)).toEqual({ email: 1, sms: 1, webhook: 1 });
    await world.pass(5);
    expect(await chunks(second.update.id)).toEqual({ email: 1, sms: 1, webhook: 1 });
    for (const subscriber of [...few, ...more]) expect(heard(subscriber).at(-1)).toBe("resolved");
    for (const subscriber of [...few, ...more]) expect(new Set(heard(subscriber)).size).toBe(heard(subscriber).length);
  });

  it.each(["before", "after"] as const)(
    "a planner that died %s queueing gives the same number when it runs again, however many joined since",
    async (when) => {
      const first = await world.open();
      world.crash.arm({ method: "sendChunks", call: 1, when });
      await world.settle();
      await manyJoin();
      await world.pass(6);
      expect(await chunks(first.update.id)).toEqual({ email: 1, sms: 1, webhook: 1 });
      for (const subscriber of few) expect(heard(subscriber)).toEqual(["investigating"]);
    },
  );
});
