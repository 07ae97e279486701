import { describe, expect, it } from "vitest";
import { addressMac } from "../../functions/core/address-mac.ts";
import type { EmailSubscriber } from "../../functions/core/subscriber.ts";
import { isPurgeTime, purge } from "../../functions/sweep/purge.ts";
import { type SweepDeps, sweep } from "../../functions/sweep/sweep.ts";
import { aSubscriber } from "../contract/samples.ts";
import { PAGE } from "./samples.ts";
import { createWorld } from "./world.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

async function purgeWorld(...overrides: Partial<EmailSubscriber>[]) {
  const world = createWorld();
  await world.start();
  const began = world.clock();
  const subscribers = overrides.map((each) => aSubscriber(PAGE, { updatedAt: began, quarantinedAt: null, ...each }));
  for (const subscriber of subscribers) await world.subscribers.create(subscriber);
  const left = async () => {
    const { items } = await world.subscribers.list(PAGE, "email", 1_000, null);
    return items.map(({ id }) => id).sort();
  };
  const blockOf = async ({ email }: EmailSubscriber) => {
    const mac = addressMac(await world.access.currentSigningKey(PAGE), "email", email);
    return world.subscribers.blockOf(PAGE, "email", mac);
  };
  const deps: SweepDeps = {
    status: world.status,
    ledger: world.ledger,
    access: world.access,
    subscribers: world.subscribers,
    mail: { quota: async () => ({ perSecond: 1, leftToday: null }) },
    queues: world.queues.ports,
    pageBuild: "one",
    clock: world.clock,
  };
  return { ...world, began, people: subscribers, left, blockOf, deps };
}

const ids = (subscribers: readonly EmailSubscriber[]) => subscribers.map(({ id }) => id).sort();

describe("after 90 days", () => {
  it("an hour of sweeps removes who has not confirmed and who was in quarantine, and nobody else", async () => {
    const world = await purgeWorld(
      { state: "unconfirmed", confirmedAt: null },
      { state: "quarantined", quarantinedAt: createWorld().clock(), quarantineReason: "endpoint failing" },
      { state: "active" },
      { state: "unsubscribed", unsubscribedAt: 1 },
    );
    world.advance(89 * DAY);
    await world.pass(60);
    expect(await world.left()).toEqual(ids(world.people));
    world.advance(DAY);
    await world.pass(60);
    expect(await world.left()).toEqual(ids(world.people.slice(2)));
  });

  it("all that are due are removed in one hour, however many somebody made", async () => {
    const many = Array.from({ length: 4_500 }, () => ({ state: "unconfirmed", confirmedAt: null }) as const);
    const world = await purgeWorld(...many);
    world.advance(90 * DAY);
    expect(await purge(world.deps, world.clock() + MINUTE)).toBe(4_500);
    expect(await world.left()).toEqual([]);
  });

  it("what bounced or was complained of is not written to again: a keyed hash stays", async () => {
    const state = { state: "quarantined", quarantinedAt: 1 } as const;
    const world = await purgeWorld(
      { ...state, quarantineReason: "bounce" },
      { ...state, quarantineReason: "complaint" },
      state,
    );
    expect(await purge(world.deps, world.clock() + MINUTE)).toBe(3);
    expect(await Promise.all(world.people.map(world.blockOf))).toEqual(["bounce", "complaint", null]);
    expect(await world.left()).toEqual([]);
  });

  it("what the holder said is not weakened by a bounce", async () => {
    const world = await purgeWorld({ state: "quarantined", quarantinedAt: 1, quarantineReason: "bounce" });
    const mac = addressMac(await world.access.currentSigningKey(PAGE), "email", world.people[0]?.email ?? "");
    await world.subscribers.block(PAGE, "email", mac, "not asked for", world.clock());
    expect(await purge(world.deps, world.clock() + MINUTE)).toBe(1);
    expect(await Promise.all(world.people.map(world.blockOf))).toEqual(["not asked for"]);
  });

  it("who is reactivated at the very moment stays, and is not blocked, unless they were before", async () => {
    const state = { state: "quarantined", quarantinedAt: 1, quarantineReason: "bounce" } as const;
    const world = await purgeWorld(state, state);
    const mac = addressMac(await world.access.currentSigningKey(PAGE), "email", world.people[1]?.email ?? "");
    await world.subscribers.block(PAGE, "email", mac, "bounce", world.clock());
    const listPurgeable: SweepDeps["subscribers"]["listPurgeable"] = async (...given) => {
      const listed = await world.subscribers.listPurgeable(...given);
      for (const { id } of listed)
        await world.subscribers.changeState(PAGE, "email", id, { from: ["quarantined"], to: "active" }, world.clock());
      return listed;
    };
    const subscribers = { ...world.subscribers, listPurgeable };
    expect(await purge({ ...world.deps, subscribers }, world.clock() + MINUTE)).toBe(0);
    expect(await Promise.all(world.people.map(world.blockOf))).toEqual([null, "bounce"]);
  });

  it("of an unconfirmed one begin anew with whatever an operator changes", async () => {
    const world = await purgeWorld({ state: "unconfirmed", confirmedAt: null });
    world.advance(89 * DAY);
    const [one] = world.people;
    if (one === undefined) throw new Error("there is one");
    await world.subscribers.saveScopes(PAGE, "email", one.id, { ...one.scopes, page: false }, world.clock());
    world.advance(2 * DAY);
    expect(await purge(world.deps, world.clock() + MINUTE)).toBe(0);
    expect(await world.left()).toEqual(ids(world.people));
  });

  it("who confirms at the very moment stays", async () => {
    const world = await purgeWorld({ state: "unconfirmed", confirmedAt: null, confirmTokenHash: "aa", updatedAt: 1 });
    const [one] = world.people;
    const listPurgeable: SweepDeps["subscribers"]["listPurgeable"] = async (...given) => {
      const listed = await world.subscribers.listPurgeable(...given);
      await world.subscribers.confirm(PAGE, "email", one?.id ?? "", "aa", world.clock());
      return listed;
    };
    const subscribers = { ...world.subscribers, listPurgeable };
    expect(await purge({ ...world.deps, subscribers }, world.clock() + MINUTE)).toBe(0);
    expect(await world.left()).toEqual(ids(world.people));
  });
});

describe("a sweep", () => {
  it("asks once an hour", async () => {
    const world = await purgeWorld();
    let asked = 0;
    const listPurgeable: SweepDeps["subscribers"]["listPurgeable"] = async () => {
      asked += 1;
      return [];
    };
    const subscribers = { ...world.subscribers, listPurgeable };
    for (let minute = 0; minute < 120; minute += 1) {
      world.advance(MINUTE);
      await sweep({ ...world.deps, subscribers });
    }
    expect(asked).toBe(2);
  });

  it("removes nobody when its time is over, and says how many it removed", async () => {
    const world = await purgeWorld({ state: "quarantined", quarantinedAt: 1 });
    expect(await purge(world.deps, world.clock() - 1)).toBe(0);
    while (!isPurgeTime(world.clock())) world.advance(MINUTE);
    expect((await sweep(world.deps)).counts).toMatchObject({ purged: 1 });
  });
});
