import { beforeEach, describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../functions/core/attempt.ts";
import type { Delivery } from "../../functions/core/delivery.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { noMail } from "../../functions/providers/mail.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const UNVERIFIED: AttemptOutcome = {
  outcome: "sender problem",
  reason: "sender identity not verified",
  reach: "everybody",
};
const SANDBOX: AttemptOutcome = { outcome: "sender problem", reason: "account in the sandbox", reach: "recipient" };
const HOUR = 60;
const DAY = 24 * HOUR;

let world: World;
beforeEach(async () => {
  world = createWorld();
  await world.start();
});

const many = (channel: "email" | "sms", count: number) =>
  Promise.all(Array.from({ length: count }, () => world.subscribe(channel)));
const times = (subscriber: Subscriber) => world.told(world.addressOf(subscriber)).length;
const deliveryOf = ({ id }: Subscriber, seq = 1): Delivery | undefined =>
  world.ledger.allDeliveries().find((delivery) => delivery.subscriberId === id && delivery.seq === seq);
const failed = () => world.ledger.allDeliveries().filter(({ state }) => state === "failed");
const logged = (message: string) => world.lines.filter((line) => line.includes(`"message":"${message}"`));

describe("while mail has no sender", () => {
  it("its deliveries wait and do not fail, the other channels are told, and all are once there is one", async () => {
    const [reader] = await many("email", 1);
    const hook = await world.subscribe("webhook");
    if (reader === undefined) throw new Error("nobody subscribed");
    world.outside.refuse("email", await noMail.send({ to: "", raw: "", tags: {} }));
    await world.open();
    await world.settle();
    await world.pass(2 * DAY);
    expect(times(hook)).toBe(1);
    expect(failed()).toEqual([]);
    expect((await world.access.getRate("email")).problem?.reason).toBe("no mail sender set");

    world.outside.mend("email");
    await world.pass(10);
    expect(times(reader)).toBe(1);
    expect(deliveryOf(reader)).toMatchObject({ state: "accepted", attempts: 1 });
  });
});

describe.each(["email", "sms"] as const)("while nothing of ours is taken by %s", (channel) => {
  it("nobody fails, nobody's attempts are used up, and all are told once it is mended", async () => {
    const people = await many(channel, 130);
    world.outside.refuse(channel, UNVERIFIED);
    const { update } = await world.open();
    await world.settle();
    await world.pass(6 * HOUR);
    expect(failed()).toEqual([]);
    for (const person of people) expect(deliveryOf(person)?.attempts ?? 0).toBe(0);
    expect((await world.ledger.getNotice(PAGE, update.id))?.state).toBe("planned");

    world.outside.mend(channel);
    await world.pass(10);
    expect(people.map(times)).toEqual(people.map(() => 1));
    for (const person of people) expect(deliveryOf(person)).toMatchObject({ state: "accepted", attempts: 1 });
    expect((await world.ledger.getNotice(PAGE, update.id))?.state).toBe("done");
  });

  it("one send in an interval finds out, however many wait", async () => {
    await many(channel, 400);
    world.outside.refuse(channel, UNVERIFIED);
    await world.open();
    await world.settle();
    // A window in flight when it began, and no more.
    expect(world.outside.attempts()).toBeLessThanOrEqual(25);
    const before = world.outside.attempts();
    await world.pass(HOUR);
    expect(world.outside.attempts() - before).toBeLessThanOrEqual(HOUR);
    expect(world.outside.attempts() - before).toBeGreaterThanOrEqual(HOUR / 2);
  });

  it("the chunks stay where they are: they are not queued again every minute", async () => {
    await many(channel, 400);
    world.outside.refuse(channel, UNVERIFIED);
    await world.open();
    await world.settle();
    const queued = () => world.queues.sent.filter(({ queue }) => queue === channel).length;
    const before = queued();
    await world.pass(HOUR);
    expect(queued() - before).toBeLessThanOrEqual(12 * HOUR);
  });

  it("it is said once in the log, and once that it is over", async () => {
    await many(channel, 80);
    world.outside.refuse(channel, UNVERIFIED);
    await world.open();
    await world.settle();
    await world.pass(HOUR);
    expect(logged("sending paused")).toHaveLength(1);
    expect(logged("sending paused")[0]).toContain("sender identity not verified");
    world.outside.mend(channel);
    await world.pass(5);
    expect(logged("sending goes on")).toHaveLength(1);
    expect(logged("sending paused")).toHaveLength(1);
  });
});

it("a later update takes the earlier one's place while both wait", async () => {
  const people = await many("email", 60);
  world.outside.refuse("email", UNVERIFIED);
  const { incident } = await world.open();
  await world.settle();
  await world.pass(30);
  await world.post(incident.id, "resolved");
  await world.settle();
  await world.pass(30);
  world.outside.mend("email");
  await world.pass(10);
  expect(people.map(times)).toEqual(people.map(() => 1));
  for (const person of people) {
    expect(deliveryOf(person, 1)).toMatchObject({ state: "superseded" });
    expect(deliveryOf(person, 2)).toMatchObject({ state: "accepted" });
  }
});

it("whoever was in doubt when it began is not forgotten, and the doubt is what finds out about it", async () => {
  const people = await many("email", 3);
  world.crash.arm({ method: "recordDeliveries", call: 1, when: "before" });
  await world.open();
  await world.settle();
  world.outside.refuse("email", UNVERIFIED);
  await world.pass(HOUR);
  expect(failed()).toEqual([]);
  world.outside.mend("email");
  await world.pass(10);
  for (const person of people) {
    expect(deliveryOf(person)).toMatchObject({ state: "accepted", unknownOutcomes: 1 });
    expect(times(person)).toBe(2);
  }
});

it("a probe whose function dies leaves the way free for the next", async () => {
  const people = await many("email", 30);
  world.outside.refuse("email", UNVERIFIED);
  await world.open();
  await world.settle();
  world.outside.mend("email");
  world.crash.arm({ method: "send", call: 1, when: "before" });
  await world.pass(15);
  expect(people.map(times)).toEqual(people.map(() => 1));
});

it("one connection that failed by chance holds the others back for seconds, and a lasting failure is asked about no oftener", async () => {
  const people = await many("email", 400);
  const missed: AttemptOutcome = {
    outcome: "sender problem",
    reason: "provider cannot be reached",
    reach: "everybody",
  };
  const [unlucky] = people;
  if (unlucky === undefined) throw new Error("nobody");
  world.outside.answer(world.addressOf(unlucky), missed);
  const began = world.clock();
  await world.open();
  await world.settle();
  expect(world.clock() - began).toBeLessThan(10_000);
  expect(people.filter((person) => times(person) === 0).length).toBeLessThanOrEqual(25);
  await world.pass(3);
  expect(people.map(times)).toEqual(people.map(() => 1));

  world.outside.refuse("email", missed);
  await world.open();
  await world.settle();
  const before = world.outside.attempts();
  await world.pass(HOUR);
  expect(world.outside.attempts() - before).toBeLessThanOrEqual(HOUR);
});

describe("the sandbox", () => {
  it("holds back those whom it does not let through, once an hour, and nobody else", async () => {
    const people = await many("email", 40);
    const [held] = people;
    if (held === undefined) throw new Error("nobody");
    world.outside.answer(world.addressOf(held), ...Array.from({ length: 24 }, () => SANDBOX));
    await world.open();
    await world.settle();
    expect(people.map(times)).toEqual(people.map((person) => (person === held ? 0 : 1)));
    await world.pass(20 * HOUR);
    expect(deliveryOf(held)).toMatchObject({
      state: "retrying",
      attempts: 0,
      reason: "paused: account in the sandbox",
    });
    expect(world.outside.attempts()).toBeLessThanOrEqual(40 + 20);
    await world.pass(6 * HOUR);
    expect(deliveryOf(held)).toMatchObject({ state: "accepted", attempts: 1 });
  });

  it("that lasts for six days ends what is of no use any more, with the reason", async () => {
    const [held] = await many("email", 1);
    if (held === undefined) throw new Error("nobody");
    world.outside.answer(world.addressOf(held), ...Array.from({ length: 200 }, () => SANDBOX));
    await world.open();
    await world.settle();
    await world.pass(5 * DAY);
    expect(deliveryOf(held)?.state).toBe("retrying");
    await world.pass(2 * DAY);
    expect(deliveryOf(held)).toMatchObject({ state: "failed", reason: "account in the sandbox" });
  });
});

it("a refusal that nobody knows is tried for as long as the update is of use", async () => {
  const [person] = await many("email", 1);
  if (person === undefined) throw new Error("nobody");
  const refusal: AttemptOutcome = { outcome: "refused", reason: "SomethingNew" };
  world.outside.answer(world.addressOf(person), ...Array.from({ length: 8 }, () => refusal));
  await world.open();
  await world.settle();
  await world.pass(6 * HOUR);
  expect(deliveryOf(person)).toMatchObject({ state: "retrying", reason: "refused: SomethingNew" });
  await world.pass(12 * HOUR);
  expect(deliveryOf(person)?.state).toBe("accepted");
});

describe("letters", () => {
  const confirmation = async () => {
    const newcomer = await world.subscribe("email", { state: "unconfirmed", confirmedAt: null });
    await world.queues.ports.sendLetter({
      kind: "letter",
      letterId: `letter${newcomer.id.slice(6)}`,
      cause: "operator",
      letter: { about: "confirmation" },
      pageId: PAGE,
      channel: "email",
      subscriberId: newcomer.id,
      raw: "Subject: Please confirm\r\n\r\n",
    });
    return newcomer;
  };

  it("wait for us in their queue without failing, and are sent when it is mended", async () => {
    const newcomers = await Promise.all(Array.from({ length: 20 }, confirmation));
    world.outside.refuse("email", UNVERIFIED);
    await world.settle();
    // A failure would throw here: none counts as a try of the queue's.
    await world.pass(2 * DAY);
    expect(newcomers.map(times)).toEqual(newcomers.map(() => 0));
    expect(world.queues.size()).toBe(20);
    expect(world.outside.attempts()).toBeLessThanOrEqual(2 * DAY + 1);
    world.outside.mend("email");
    await world.pass(8);
    expect(newcomers.map(times)).toEqual(newcomers.map(() => 1));
  });

  it("wait for the quota as well", async () => {
    const newcomer = await confirmation();
    world.outside.refuse("email", { outcome: "quota exhausted" });
    await world.settle();
    await world.pass(5 * HOUR);
    world.outside.mend("email");
    await world.pass(25);
    expect(times(newcomer)).toBe(1);
  });

  it("fail after three days, so that they end among the dead letters and not in silence", async () => {
    await confirmation();
    world.outside.refuse("email", UNVERIFIED);
    await world.settle();
    await expect(world.pass(3 * DAY + 20)).rejects.toThrow("letter held for too long");
  });

  it("by SMS wait as long as their code is of use", async () => {
    const newcomer = await world.subscribe("sms", { state: "unconfirmed", confirmedAt: null });
    const letter = (endsAt: number) =>
      world.queues.ports.sendSmsLetter({
        kind: "sms letter",
        letterId: "letter000000",
        cause: "operator",
        pageId: PAGE,
        subscriberId: newcomer.id,
        about: "code",
        text: "123 456",
        endsAt,
      });
    world.outside.refuse("sms", { ...UNVERIFIED, reason: "SMS spending quota used up" });
    await letter(world.clock() + 10 * 60_000);
    await world.settle();
    await world.pass(5);
    world.outside.mend("sms");
    await world.pass(3);
    expect(times(newcomer)).toBe(1);
    world.outside.refuse("sms", { ...UNVERIFIED, reason: "SMS spending quota used up" });
    await letter(world.clock() + 10 * 60_000);
    await world.settle();
    await world.pass(15);
    expect(world.queues.size()).toBe(0);
    expect(world.lines.some((line) => line.includes("too late to be of use"))).toBe(true);
  });
});
