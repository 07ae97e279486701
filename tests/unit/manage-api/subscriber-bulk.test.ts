import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressMac } from "../../../functions/core/address-mac.ts";
import type { Subscriber } from "../../../functions/core/subscriber.ts";
import { aSubscriber } from "../../contract/samples.ts";
import { idsOf, manageWorld, PAGE } from "./manage-world.ts";

/** One of each state, and a webhook in quarantine. */
async function crowd() {
  const world = await manageWorld();
  const make = async (state: Subscriber["state"], more: Partial<Parameters<typeof aSubscriber>[1]> = {}) => {
    const subscriber = aSubscriber(PAGE.id, { state, ...more });
    await world.subscribers.create(subscriber);
    return subscriber;
  };
  const active = await make("active");
  const unconfirmed = await make("unconfirmed", { confirmedAt: null });
  const quarantined = await make("quarantined", { quarantinedAt: 1, quarantineReason: "bounce" });
  const left = await make("unsubscribed", { unsubscribedAt: 1 });
  const { email: _, ...common } = aSubscriber(PAGE.id, { state: "quarantined", quarantinedAt: 1 });
  const hook: Subscriber = {
    ...common,
    channel: "webhook",
    endpoint: "https://hooks.example.org/in",
    contactEmail: "ops@example.org",
    format: "statuspage",
    statuses: null,
    secretVersion: 1,
    health: { version: 1, failures: 9, since: 1, failedAt: 1, nextAttemptAt: 2, probeUntil: null },
  };
  await world.subscribers.create(hook);
  const stateOf = async ({ channel, id }: Subscriber) => (await world.subscribers.get(PAGE.id, channel, id))?.state;
  return { ...world, active, unconfirmed, quarantined, left, hook, stateOf };
}

describe("unsubscribe", () => {
  test("the active ones of those named, unless another state is asked for; again changes nothing", async () => {
    const world = await crowd();
    const subscribers = [world.active.id, world.unconfirmed.id, world.left.id, "nosuchthing0"];
    const unsubscribe = (more: object = {}) => world.post("/subscribers/unsubscribe", { subscribers, ...more });
    expect(await unsubscribe()).toMatchObject({
      status: 201,
      json: { unsubscribed: 1, unchanged: 2, not_found: 1, complete: true },
    });
    expect(await world.stateOf(world.active)).toBe("unsubscribed");
    expect(await world.stateOf(world.unconfirmed)).toBe("unconfirmed");
    expect((await unsubscribe()).json).toMatchObject({ unsubscribed: 0, unchanged: 3 });
    expect((await unsubscribe({ state: "all" })).json).toMatchObject({ unsubscribed: 1 });
    expect(await world.stateOf(world.unconfirmed)).toBe("unsubscribed");
    expect(world.mails).toEqual([]);
  });

  test("of one type alone", async () => {
    const world = await crowd();
    const subscribers = [world.quarantined.id, world.hook.id];
    const reply = await world.post("/subscribers/unsubscribe", { subscribers, state: "quarantined", type: "webhook" });
    expect(reply.json).toMatchObject({ unsubscribed: 1, not_found: 1 });
    expect(await world.stateOf(world.quarantined)).toBe("quarantined");
    expect(await world.stateOf(world.hook)).toBe("unsubscribed");
  });

  test('"all" is refused from a hundred on, so that no slip empties a page', async () => {
    const world = await crowd();
    const fill = (count: number) =>
      Promise.all(Array.from({ length: count }, () => world.subscribers.create(aSubscriber(PAGE.id))));
    await fill(98);
    await fill(1);
    expect(await world.post("/subscribers/unsubscribe", { subscribers: "all" })).toMatchObject({
      status: 422,
      json: { details: [{ field: "subscribers" }] },
    });
    expect(await world.stateOf(world.active)).toBe("active");
    await world.subscribers.remove(PAGE.id, "email", world.active.id);
    expect((await world.post("/subscribers/unsubscribe", { subscribers: "all" })).json).toEqual({
      unsubscribed: 99,
      unchanged: 0,
      complete: true,
    });
  });
});

describe("reactivate", () => {
  test("brings back who is in quarantine, and nobody who left", async () => {
    const world = await crowd();
    const subscribers = [world.quarantined.id, world.left.id, world.unconfirmed.id];
    expect((await world.post("/subscribers/reactivate", { subscribers })).json).toMatchObject({
      reactivated: 1,
      unchanged: 2,
    });
    expect(await world.stateOf(world.quarantined)).toBe("active");
    expect(await world.stateOf(world.left)).toBe("unsubscribed");
  });

  test("all, with an endpoint's failures forgotten; repeated, there is nothing left to do", async () => {
    const world = await crowd();
    const all = () => world.post("/subscribers/reactivate", { subscribers: "all" });
    expect(await all()).toMatchObject({ status: 201, json: { reactivated: 2, unchanged: 0, complete: true } });
    expect(await world.subscribers.get(PAGE.id, "webhook", world.hook.id)).not.toHaveProperty("health");
    expect((await all()).json).toMatchObject({ reactivated: 0 });
  });

  test("not an address that is blocked", async () => {
    const world = await crowd();
    const mac = addressMac(await world.access.currentSigningKey(PAGE.id), "email", world.quarantined.email);
    await world.subscribers.block(PAGE.id, "email", mac, "complaint", 1);
    const reply = await world.post("/subscribers/reactivate", { subscribers: "all", type: "email" });
    expect(reply.json).toMatchObject({ reactivated: 0, unchanged: 1 });
    expect(await world.stateOf(world.quarantined)).toBe("quarantined");
  });

  test("what does not fit into the time of one call is left for the next, which goes on there or begins anew", async () => {
    const world = await crowd();
    const many = Array.from({ length: 300 }, () => aSubscriber(PAGE.id, { state: "quarantined", quarantinedAt: 1 }));
    await Promise.all(many.map((each) => world.subscribers.create(each)));
    world.subscribers.changeState = slowed(world.subscribers.changeState, () => world.tick(100));
    const parts = await untilComplete(world, "reactivate", { type: "email" });
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.every(({ reactivated }) => reactivated !== undefined && reactivated > 0)).toBe(true);
    expect(parts.reduce((sum, { reactivated = 0 }) => sum + reactivated, 0)).toBe(301);
    expect((await world.post("/subscribers/reactivate", { subscribers: "all", type: "email" })).json).toEqual({
      reactivated: 0,
      unchanged: 0,
      complete: true,
    });
  });

  test("those who are left alone take their time too, and the end is reached all the same", async () => {
    const world = await crowd();
    const others = Array.from({ length: 2_000 }, () =>
      aSubscriber(PAGE.id, { state: "unconfirmed", confirmedAt: null }),
    );
    await Promise.all(others.map((each) => world.subscribers.create(each)));
    world.subscribers.listUnsettled = slowed(world.subscribers.listUnsettled, () => world.tick(4_000));
    const parts = await untilComplete(world, "reactivate", {});
    expect(parts.length).toBeGreaterThan(1);
    expect(await world.stateOf(world.quarantined)).toBe("active");
    expect(await world.stateOf(world.hook)).toBe("active");
  });

  test("however large the audience is, it is not read", async () => {
    const world = await crowd();
    world.subscribers.list = () => Promise.reject(new Error("everybody is read"));
    for (const path of ["reactivate", "resend_confirmation"]) {
      expect((await world.post(`/subscribers/${path}`, { subscribers: "all" })).json).toMatchObject({ complete: true });
    }
    expect(world.mails).toHaveLength(1);
  });

  test("nor anybody of another page", async () => {
    const world = await crowd();
    const other = aSubscriber("otherpage000", { state: "quarantined", quarantinedAt: 1 });
    await world.subscribers.create(other);
    await world.post("/subscribers/reactivate", { subscribers: "all" });
    expect(await world.subscribers.get("otherpage000", "email", other.id)).toEqual(other);
  });
});

describe("resend confirmations", () => {
  test("to those named who have not confirmed", async () => {
    const world = await crowd();
    const subscribers = [world.unconfirmed.id, world.active.id];
    const resend = () => world.post("/subscribers/resend_confirmation", { subscribers });
    expect((await resend()).json).toMatchObject({ sent: 1, unchanged: 1, not_found: 0 });
    expect((await resend()).json).toMatchObject({ sent: 1 });
    expect(world.mails.map(({ subscriberId }) => subscriberId)).toEqual([world.unconfirmed.id, world.unconfirmed.id]);
  });

  test("whose letter could not be queued does not count as mailed", async () => {
    const world = await crowd();
    const { sendLetter } = world.deps.letters;
    world.deps.letters.sendLetter = () => Promise.reject(new Error("throttled"));
    const all = () => world.post("/subscribers/resend_confirmation", { subscribers: "all" });
    expect((await all()).status).toBe(500);
    world.deps.letters.sendLetter = sendLetter;
    expect((await all()).json).toMatchObject({ sent: 1 });
    expect(world.mails).toHaveLength(1);
  });

  test("to all, but to nobody twice within a day", async () => {
    const world = await crowd();
    const all = () => world.post("/subscribers/resend_confirmation", { subscribers: "all" });
    expect((await all()).json).toEqual({ sent: 1, unchanged: 0, complete: true });
    expect((await all()).json).toEqual({ sent: 0, unchanged: 1, complete: true });
    world.tick(24 * 60 * 60 * 1_000);
    expect((await all()).json).toMatchObject({ sent: 1 });
    expect(world.mails).toHaveLength(2);
  });

  test("to all, but not to who was mailed at their own sign-up within a day", async () => {
    const world = await crowd();
    const { id, scopes, preferences } = world.unconfirmed;
    const all = () => world.post("/subscribers/resend_confirmation", { subscribers: "all" });
    const at = world.deps.clock();
    await world.subscribers.invite(PAGE.id, "email", id, { hash: "aa", at, scopes, preferences, locale: "en" }, at);
    expect((await all()).json).toMatchObject({ sent: 0, unchanged: 1 });
    world.tick(24 * 60 * 60 * 1_000);
    expect((await all()).json).toMatchObject({ sent: 1, unchanged: 0 });
  });

  test("to all, but to one spelling of a mailbox at a time: strangers may have signed up as many as they like", async () => {
    const world = await crowd();
    for (let index = 0; index < 40; index += 1) {
      const email =
        index % 2 === 0
          ? `victim+${index}@gmail.com`
          : `v${".".repeat(index % 3 === 0 ? 1 : 0)}ictim+${index}@googlemail.com`;
      await world.subscribers.create(aSubscriber(PAGE.id, { state: "unconfirmed", confirmedAt: null, email }));
    }
    const reply = await world.post("/subscribers/resend_confirmation", { subscribers: "all" });
    expect(reply.json).toMatchObject({ sent: 2, unchanged: 39 });
    expect(world.mails).toHaveLength(2);
  });

  test("to nobody who has closed their mailbox, whoever is named", async () => {
    const world = await crowd();
    const tagged = aSubscriber(PAGE.id, { state: "unconfirmed", confirmedAt: null, email: "victim+2@example.org" });
    await world.subscribers.create(tagged);
    const mac = addressMac(await world.access.currentSigningKey(PAGE.id), "email", "victim@example.org");
    await world.subscribers.block(PAGE.id, "email", mac, "not asked for", 1);
    const named = await world.post("/subscribers/resend_confirmation", { subscribers: [tagged.id] });
    expect(named.json).toMatchObject({ sent: 0, unchanged: 1 });
    expect(await world.post(`/subscribers/${tagged.id}/resend_confirmation`, {})).toMatchObject({
      status: 422,
      json: { details: [{ field: "email", problem: expect.stringContaining("blocked") }] },
    });
    await world.post("/subscribers/resend_confirmation", { subscribers: "all" });
    expect(world.mails.map(({ subscriberId }) => subscriberId)).toEqual([world.unconfirmed.id]);
  });
});

test.each([
  ["unsubscribe", "subscribers", {}],
  ["unsubscribe", "subscribers", { subscribers: "everybody" }],
  ["unsubscribe", "subscribers", { subscribers: [] }],
  ["unsubscribe", "subscribers", { subscribers: Array.from({ length: 101 }, (_, index) => `id${index}`) }],
  ["unsubscribe", "state", { subscribers: "all", state: "unsubscribed" }],
  ["reactivate", "type", { subscribers: "all", type: "pigeon" }],
  ["resend_confirmation", "subscribers", { subscribers: [7] }],
  ["resend_confirmation", "cursor", { subscribers: "all", cursor: "9" }],
  ["reactivate", "cursor", { subscribers: "all", cursor: "0.12.x" }],
])("%s: 422 names %s", async (call, field, body) => {
  const world = await crowd();
  const before = await world.snapshot();
  const reply = await world.post(`/subscribers/${call}`, body);
  expect(reply).toMatchObject({ status: 422 });
  expect(reply.text).toContain(field);
  expect(await world.snapshot()).toEqual(before);
});

test("a histogram of types and states; those who left are listed by themselves", async () => {
  const world = await crowd();
  const none = { active: 0, unconfirmed: 0, quarantined: 0, total: 0, unsubscribed: 0 };
  expect((await world.get("/subscribers/histogram_by_state")).json).toEqual({
    email: { active: 1, unconfirmed: 1, quarantined: 1, total: 3, unsubscribed: 1 },
    sms: none,
    webhook: { ...none, quarantined: 1, total: 1 },
    integration_partner: none,
    slack: none,
    teams: none,
  });
  expect(idsOf(await world.get("/subscribers/unsubscribed"))).toEqual([world.left.id]);
  expect(idsOf(await world.get("/subscribers/unsubscribed?page=2&per_page=1"))).toEqual([]);
});

test("a search finds an endpoint by its contact, and a number however it is written", async () => {
  const world = await crowd();
  const phone = { phone_country: "DE", phone_number: "01512 3456789" };
  const sms = (await world.post("/subscribers", { subscriber: phone })).json;
  const found = async (q: string) => idsOf(await world.get(`/subscribers?state=all&q=${encodeURIComponent(q)}`));
  expect(await found("OPS@example")).toEqual([world.hook.id]);
  for (const q of ["+4915123456789", "0151 23456789", "(0151) 234-567"]) {
    expect([{ id: (await found(q))[0] }]).toMatchObject([{ id: sms === null ? "" : Object(sms).id }]);
  }
  expect(await found("000")).toEqual([]);
});

test("a key that may only read changes nothing", async () => {
  const world = await crowd();
  await world.addKey("reader", ["subscribers:read"]);
  const headers = { authorization: "OAuth tcn_reader_s3cr3ts3cr3ts3cr3ts3cr3t" };
  for (const path of ["unsubscribe", "reactivate", "resend_confirmation", "erase", "import"]) {
    const reply = await world.post(`/subscribers/${path}`, { subscribers: "all" }, headers);
    expect(reply.status, path).toBe(403);
  }
});

const partAnswer = z.object({
  reactivated: z.optional(z.number()),
  complete: z.boolean(),
  next_cursor: z.optional(z.string()),
});

/** Asks for all again and again, each time from where the answer before says. */
async function untilComplete(world: Awaited<ReturnType<typeof crowd>>, call: string, more: object) {
  const parts: z.infer<typeof partAnswer>[] = [];
  for (let cursor: string | undefined; parts.length < 100; ) {
    const began = world.deps.clock();
    const reply = await world.post(`/subscribers/${call}`, {
      subscribers: "all",
      ...more,
      ...(cursor ? { cursor } : {}),
    });
    expect(world.deps.clock() - began).toBeLessThan(29_000);
    const part = partAnswer.parse(reply.json);
    parts.push(part);
    if (part.complete) return parts;
    cursor = part.next_cursor;
  }
  throw new Error("it never ends");
}

function slowed<A extends unknown[], R>(
  run: (...given: A) => Promise<R>,
  wait: () => void,
): (...given: A) => Promise<R> {
  return (...given) => {
    wait();
    return run(...given);
  };
}
