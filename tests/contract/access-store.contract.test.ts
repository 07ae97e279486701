import { randomBytes } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import type { Permits } from "../../functions/core/permit.ts";
import { scheduleKey } from "../../functions/store/access/access-items.ts";
import { type AccessStore, DEFAULT_RATES, type Reservation } from "../../functions/store/access/access-store.ts";
import { dynamoAccessStore } from "../../functions/store/access/dynamo-access.ts";
import { getItem } from "../../functions/store/table.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { contractClient, describeOnBoth, describeOnDynamo } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

// The schedules are one per table, and tests share the table: each begins an hour after the one before.
let hour = 0;
function later(): number {
  hour += 1;
  return NOW + hour * 60 * 60 * 1_000;
}

function reserved(reservation: Reservation): { startAt: number; spacingMs: number } {
  if (reservation.outcome !== "reserved") throw new Error(`not reserved: ${reservation.outcome}`);
  return reservation;
}

/** When each of the slots begins. */
function beginnings(reservation: Reservation, count: number): number[] {
  const { startAt, spacingMs } = reserved(reservation);
  return Array.from({ length: count }, (_, index) => startAt + index * spacingMs);
}

describeOnBoth<AccessStore>(
  "access store",
  {
    memory: () => memoryAccessStore({ random: randomBytes }),
    dynamo: ({ client, tables }) => dynamoAccessStore({ client, table: tables.access, random: randomBytes }),
  },
  (subject) => {
    it("counts up to a limit in each stretch of time", async () => {
      const store = subject();
      const counter = anId();
      const limit = { most: 3, windowMs: 600_000 };
      const start = Math.floor(NOW / limit.windowMs) * limit.windowMs;
      const rivals = await Promise.all([1, 2, 3, 4, 5].map((ms) => store.count(counter, limit, start + ms)));
      expect(rivals.filter(({ outcome }) => outcome === "counted")).toHaveLength(3);
      const over = { outcome: "over", until: start + limit.windowMs };
      expect(await store.count(counter, limit, start + limit.windowMs - 1)).toEqual(over);
      expect(await store.count(counter, limit, start + limit.windowMs)).toEqual({ outcome: "counted" });
      expect(await store.count(counter, limit, start + limit.windowMs, 3)).toMatchObject({ outcome: "over" });
      expect(await store.count(counter, limit, start + limit.windowMs, 2)).toEqual({ outcome: "counted" });
      expect(await store.count(counter, { ...limit, windowMs: 1_000 }, start)).toEqual({ outcome: "counted" });
      expect(await store.count(anId(), limit, start, 4)).toEqual(over);
    });

    it("gives back what was counted and not used", async () => {
      const store = subject();
      const counter = anId();
      const limit = { most: 10, windowMs: 60_000 };
      expect(await store.count(counter, limit, NOW, 8)).toEqual({ outcome: "counted" });
      expect(await store.count(counter, limit, NOW, 3)).toMatchObject({ outcome: "over" });
      expect(await store.count(counter, limit, NOW, -8)).toEqual({ outcome: "counted" });
      expect(await store.count(counter, limit, NOW, 10)).toEqual({ outcome: "counted" });
      expect(await store.count(counter, limit, NOW, 1)).toMatchObject({ outcome: "over" });
    });

    it("gives a turn to one at a time, until it is ended or over", async () => {
      const store = subject();
      const turn = anId();
      const rivals = await Promise.all([1, 2, 3, 4, 5].map((ms) => store.takeTurn(turn, NOW, NOW + 1_000 + ms)));
      expect(rivals.filter((taken) => taken)).toHaveLength(1);
      const until = NOW + 1_001 + rivals.indexOf(true);
      expect(await store.takeTurn(anId(), NOW, NOW + 1)).toBe(true);
      await store.endTurn(turn, until + 1);
      expect(await store.takeTurn(turn, NOW, NOW + 5_000)).toBe(false);
      await store.endTurn(turn, until);
      expect(await store.takeTurn(turn, NOW, NOW + 5_000)).toBe(true);
      expect(await store.takeTurn(turn, NOW + 4_999, NOW + 9_000)).toBe(false);
      expect(await store.takeTurn(turn, NOW + 5_000, NOW + 9_000)).toBe(true);
      await store.endTurn(turn, NOW + 5_000);
      expect(await store.takeTurn(turn, NOW + 5_000, NOW + 9_000)).toBe(false);
    });

    it("tells what is counted in a stretch, and counts nothing by it", async () => {
      const store = subject();
      const counter = anId();
      const limit = { most: 10, windowMs: 60_000 };
      expect(await store.getCount(counter, limit, NOW)).toBe(0);
      await store.count(counter, limit, NOW, 8);
      await store.count(counter, limit, NOW, 3);
      for (let time = 1; time <= 2; time += 1) expect(await store.getCount(counter, limit, NOW)).toBe(8);
      expect(await store.getCount(counter, limit, NOW + limit.windowMs)).toBe(0);
    });

    it("makes one signing key of 256 bits, whoever comes first, and none on its own", async () => {
      const store = subject();
      const pageId = anId();
      expect(await store.getSigningKey(pageId, 1)).toBeNull();
      await expect(store.currentSigningKey(pageId)).rejects.toThrow("has no signing key");
      await Promise.all(Array.from({ length: 10 }, () => store.makeSigningKey(pageId)));
      const keys = await Promise.all(Array.from({ length: 10 }, () => store.currentSigningKey(pageId)));
      const [first] = keys;
      expect(first?.version).toBe(1);
      expect(first?.key).toHaveLength(32);
      const hex = new Set(keys.map(({ key }) => Buffer.from(key).toString("hex")));
      expect(hex.size).toBe(1);
      const again = await store.getSigningKey(pageId, 1);
      expect(Buffer.from(again?.key ?? []).toString("hex")).toBe([...hex][0]);
      expect(await store.getSigningKey(pageId, 2)).toBeNull();
      const otherPage = anId();
      await store.makeSigningKey(otherPage);
      const other = await store.currentSigningKey(otherPage);
      expect(hex.has(Buffer.from(other.key).toString("hex"))).toBe(false);
    });

    it("spaces the slots of concurrent reservers by the rate, none twice", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 100, leftToday: 5_000 }, now);
      expect(await store.getRate("email")).toEqual({ perSecond: 100, leftToday: 5_000, problem: null });
      const counts = Array.from({ length: 20 }, (_, index) => 1 + (index % 5));
      const all = await Promise.all(
        counts.map(async (count) => beginnings(await store.reserveSlots("email", count, now), count)),
      );
      const slots = all.flat().sort((a, b) => a - b);
      expect(slots).toHaveLength(60);
      expect(slots[0]).toBe(now);
      for (const [index, slot] of slots.entries()) {
        // 98 of 100 a second.
        expect(slot - now).toBeCloseTo(index * 10.417, 3);
      }
    });

    it("gives out no more slots than a fast rate allows, however many reserve, and none while it is held back", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 25_000, leftToday: null }, now);
      const all = await Promise.all(Array.from({ length: 100 }, () => store.reserveSlots("email", 25, now)));
      const slots = all.flatMap((one) => beginnings(one, 25)).sort((a, b) => a - b);
      expect(slots).toHaveLength(2_500);
      for (const [index, slot] of slots.entries()) {
        // 24,000 a second; ten lanes begin side by side.
        expect(index + 1).toBeLessThanOrEqual((slot - now) * 24 + 10);
      }
      await store.pause("email", now + 5_000);
      await store.getRate("email");
      expect(await store.reserveSlots("email", 25, now + 4_000)).toEqual({ outcome: "paused", until: now + 5_000 });
      expect(await store.reserveSlots("email", 25, now + 5_000)).toMatchObject({ outcome: "reserved" });
      await store.beginProblem("email", "account paused", now + 5_000, now + 9_000);
      await store.getRate("email");
      expect(await store.reserveSlots("email", 1, now + 6_000)).toEqual({ outcome: "paused", until: now + 9_000 });
      const probe = { since: now + 5_000 };
      expect(await store.reserveSlots("email", 1, now + 9_000)).toMatchObject({ outcome: "reserved", probe });
      await store.endProblem("email", now + 5_000);
    });

    it("keeps what letters a mailbox got, for whoever read it last", async () => {
      const store = subject();
      const mac = anId();
      const fresh = await store.getPermits(mac);
      expect(fresh).toEqual({ letters: [], contact: null, version: 0 });
      const letter = { letterId: anId(), kind: "confirmation", cause: "anybody", at: NOW } as const;
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map(() => store.savePermits(mac, fresh, { letters: [letter], contact: null }, NOW)),
      );
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["lost", "lost", "lost", "saved"]);
      const read = await store.getPermits(mac);
      expect(read).toEqual({ letters: [letter], contact: null, version: 1 });
      const told: Permits = { letters: [letter], contact: { is: "told", letterId: letter.letterId } };
      expect(await store.savePermits(mac, read, told, NOW)).toEqual({ outcome: "saved" });
      expect(await store.savePermits(mac, read, told, NOW)).toEqual({ outcome: "lost" });
      expect(await store.getPermits(mac)).toEqual({ ...told, version: 2 });
      expect(await store.getPermits(anId())).toEqual(fresh);
    });

    it("gives out the letters' share once, however many ask at the same moment, and goes on with the time", async () => {
      const store = subject();
      // A year ahead of the others, whose share it is too.
      const now = later() + 400 * DAY_MS;
      const spacing = DAY_MS / 5;
      const outcomes = await Promise.all(Array.from({ length: 9 }, () => store.takeShare(spacing, now)));
      expect(outcomes.filter(({ outcome }) => outcome === "taken")).toHaveLength(5);
      expect(await store.takeShare(spacing, now + spacing - 1)).toEqual({ outcome: "over" });
      expect(await store.takeShare(spacing, now + spacing)).toEqual({ outcome: "taken" });
      await store.giveBackShare(spacing);
      expect(await store.takeShare(spacing, now + spacing)).toEqual({ outcome: "taken" });
      expect(await store.takeShare(spacing, now + spacing)).toEqual({ outcome: "over" });
      expect(await store.takeShare(DAY_MS + 1, now + 9 * DAY_MS)).toEqual({ outcome: "over" });
    });

    it("lets one send at a time find out whether a problem of ours is over", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 100, leftToday: null }, now);
      expect(await store.beginProblem("email", "account paused", now, now + 50_000)).toBeNull();
      expect(await store.beginProblem("email", "account paused", now + 5, now + 50_005)).toBe("account paused");
      const problem = { reason: "account paused", since: now, probeAt: now + 50_005 };
      expect(await store.getRate("email")).toEqual({ perSecond: 100, leftToday: null, problem });
      expect(await store.reserveSlots("email", 1, now + 10)).toEqual({ outcome: "paused", until: now + 50_005 });

      const probeAt = now + 60_000;
      const rivals = await Promise.all(Array.from({ length: 8 }, () => store.reserveSlots("email", 3, probeAt)));
      const probes = rivals.filter(({ outcome }) => outcome === "reserved");
      expect(probes).toMatchObject([{ startAt: probeAt, probe: problem }]);
      const others = rivals.filter(({ outcome }) => outcome !== "reserved");
      expect(others).toEqual(others.map(() => ({ outcome: "paused", until: probeAt + 20_000 })));
      // Whoever had it died: the next one may.
      expect(await store.reserveSlots("email", 1, probeAt + 20_001)).toMatchObject({ outcome: "reserved" });

      expect(await store.endProblem("email", now - 1)).toEqual({ outcome: "lost" });
      expect(await store.endProblem("email", now)).toEqual({ outcome: "ended" });
      expect(await store.endProblem("email", now)).toEqual({ outcome: "lost" });
      expect(await store.reserveSlots("email", 1, probeAt + 30_000)).toMatchObject({
        outcome: "reserved",
        probe: null,
      });
      expect((await store.getRate("email")).problem).toBeNull();
    });

    it("says when a full schedule has room again, and starts anew after a pause in the traffic", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 10, leftToday: null }, now);
      const { startAt, spacingMs } = reserved(await store.reserveSlots("email", 25, now));
      expect(startAt).toBe(now);
      const full = await store.reserveSlots("email", 1, now + 5);
      const endsAt = startAt + 25 * spacingMs;
      expect(full).toEqual({ outcome: "full", retryAt: Math.ceil(endsAt - 1_000) });
      if (full.outcome !== "full") return;
      expect(reserved(await store.reserveSlots("email", 1, full.retryAt)).startAt).toBeCloseTo(endsAt, 3);
      expect(reserved(await store.reserveSlots("email", 1, now + 10_000)).startAt).toBe(now + 10_000);
    });

    it("paces by the rate saved last", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 10, leftToday: null }, now);
      const slow = reserved(await store.reserveSlots("email", 1, now));
      await store.saveRate("email", { perSecond: 1_000, leftToday: 7 }, now + 1);
      const fast = reserved(await store.reserveSlots("email", 1, now + 1));
      expect(slow.spacingMs).toBeCloseTo(104.167, 2);
      expect(fast.startAt).toBeCloseTo(slow.startAt + slow.spacingMs, 3);
      expect(fast.spacingMs).toBeCloseTo(1.042, 2);
      expect(fast.spacingMs).toBeGreaterThanOrEqual(1_000 / 1_000);
    });

    it("gives no slot while paused, and never shortens a pause", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("sms", { perSecond: 5, leftToday: null }, now);
      await store.pause("sms", now + 900);
      await store.pause("sms", now + 400);
      expect(await store.reserveSlots("sms", 1, now)).toEqual({ outcome: "paused", until: now + 900 });
      expect(await store.reserveSlots("sms", 1, now + 899)).toEqual({ outcome: "paused", until: now + 900 });
      expect(reserved(await store.reserveSlots("sms", 1, now + 900)).startAt).toBe(now + 900);
      await store.pause("sms", now + 950);
      expect(await store.reserveSlots("sms", 1, now + 940)).toEqual({ outcome: "paused", until: now + 950 });
    });

    it("waits where the rate is nothing", async () => {
      const store = subject();
      const now = later();
      await store.saveRate("email", { perSecond: 0, leftToday: 0 }, now);
      expect(await store.reserveSlots("email", 1, now)).toEqual({ outcome: "paused", until: now + 30_000 });
    });

    it("runs a request once and replays its answer", async () => {
      const store = subject();
      const pageId = anId();
      const begin = (requestHash: string, now: number, seed: string) =>
        store.beginIdempotent(pageId, "key", requestHash, now, seed);
      expect(await begin("r1", NOW, "seed-1")).toEqual({ outcome: "run", seed: "seed-1" });
      expect(await begin("r1", NOW + 1, "seed-2")).toEqual({ outcome: "running" });
      expect(await begin("r2", NOW + 1, "seed-2")).toEqual({ outcome: "mismatch" });
      await store.completeIdempotent(pageId, "key", 201, '{"id":"x"}');
      expect(await begin("r1", NOW + 2, "seed-3")).toEqual({ outcome: "replay", status: 201, body: '{"id":"x"}' });
      expect(await begin("r2", NOW + 2, "seed-3")).toEqual({ outcome: "mismatch" });
      await store.completeIdempotent(pageId, "key", 500, "late");
      expect(await begin("r1", NOW + 3, "seed-3")).toMatchObject({ outcome: "replay", status: 201 });
      expect(await store.beginIdempotent(anId(), "key", "r2", NOW, "s")).toEqual({ outcome: "run", seed: "s" });
      expect(await begin("r3", NOW + DAY_MS, "seed-4")).toEqual({ outcome: "run", seed: "seed-4" });
    });

    it("lets one of many begin, and one take over a run that died, with the same seed", async () => {
      const store = subject();
      const pageId = anId();
      const begin = (now: number) =>
        Promise.all(["a", "b", "c", "d", "e"].map((seed) => store.beginIdempotent(pageId, "key", "r", now, seed)));
      const first = await begin(NOW);
      const runs = first.filter(({ outcome }) => outcome === "run");
      expect(runs).toHaveLength(1);
      expect(first.filter(({ outcome }) => outcome === "running")).toHaveLength(4);
      expect((await begin(NOW + 59_999)).every(({ outcome }) => outcome === "running")).toBe(true);
      const second = await begin(NOW + 60_000);
      expect(second.filter(({ outcome }) => outcome === "run")).toEqual(runs);
      expect(second.filter(({ outcome }) => outcome === "running")).toHaveLength(4);
    });

    it("does not make up an answer for a request it never saw", async () => {
      const store = subject();
      const pageId = anId();
      await store.completeIdempotent(pageId, "key", 201, "{}");
      expect(await store.beginIdempotent(pageId, "key", "r", NOW, "s")).toEqual({ outcome: "run", seed: "s" });
    });
  },
);

describe("a send schedule without a stored rate", () => {
  it("has the default", async () => {
    const store = memoryAccessStore({ random: randomBytes });
    expect(await store.getRate("sms")).toEqual({ ...DEFAULT_RATES.sms, problem: null });
    expect(reserved(await store.reserveSlots("email", 1, NOW)).spacingMs).toBeCloseTo(1_000 / 0.96, 1);
  });
});

describeOnDynamo("access table", (server) => {
  it("has the default rate before any is saved", async () => {
    const { client, tables } = server();
    const store = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    expect(await store.getRate("sms")).toEqual({ ...DEFAULT_RATES.sms, problem: null });
    expect(reserved(await store.reserveSlots("email", 1, NOW)).spacingMs).toBeCloseTo(1_000 / 0.96, 1);
  });

  it("is full for all once one has filled it", async () => {
    const { client, tables } = server();
    const one = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const other = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const now = later();
    await one.saveRate("email", { perSecond: 10, leftToday: null }, now);
    await one.reserveSlots("email", 1, now);
    await other.reserveSlots("email", 20, now);
    expect(await one.reserveSlots("email", 1, now)).toMatchObject({ outcome: "full" });
  });

  it("reserves in one write once it has read the schedule", async () => {
    const { client, tables } = server();
    const now = later();
    const rival = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    await rival.saveRate("email", { perSecond: 10, leftToday: null }, now);
    await rival.reserveSlots("email", 1, now);
    const counted = contractClient(inject("dynamoEndpoint") ?? "");
    const calls: (string | undefined)[] = [];
    counted.middlewareStack.add(
      (next, { commandName }) =>
        (call) => {
          calls.push(commandName);
          return next(call);
        },
      { step: "initialize", name: "counted" },
    );
    const store = dynamoAccessStore({ client: counted, table: tables.access, random: randomBytes });
    await store.getRate("email");
    expect(await store.reserveSlots("email", 1, now)).toMatchObject({ outcome: "reserved" });
    expect(calls).toEqual(["GetItemCommand", "UpdateItemCommand"]);
  });

  it("deals a fast rate out to lanes, and looks for a pause before each reservation", async () => {
    const { client, tables } = server();
    const one = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const other = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const now = later();
    await one.saveRate("email", { perSecond: 25_000, leftToday: null }, now);
    const stored = () => getItem(client, tables.access, scheduleKey("email"));
    const before = await stored();
    expect(reserved(await one.reserveSlots("email", 25, now)).spacingMs).toBeCloseTo(10_000 / 24_000, 2);
    expect(await stored()).toEqual(before);
    await other.pause("email", now + 1_000);
    expect(await one.reserveSlots("email", 25, now)).toEqual({ outcome: "paused", until: now + 1_000 });
    await other.saveRate("email", { perSecond: 100, leftToday: null }, now);
    expect(reserved(await one.reserveSlots("email", 1, now + 60_000)).spacingMs).toBeCloseTo(10.417, 2);
  });

  it("reserves by what is stored, whatever an invocation remembers", async () => {
    const { client, tables } = server();
    const one = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const other = dynamoAccessStore({ client, table: tables.access, random: randomBytes });
    const now = later();
    await one.saveRate("email", { perSecond: 50, leftToday: null }, now);
    const first = reserved(await one.reserveSlots("email", 1, now));
    await other.saveRate("email", { perSecond: 5, leftToday: null }, now);
    await other.reserveSlots("email", 1, now);
    const third = reserved(await one.reserveSlots("email", 1, now));
    expect(third.spacingMs).toBeCloseTo(208.334, 1);
    expect(third.startAt).toBeCloseTo(first.startAt + first.spacingMs + third.spacingMs, 3);
    await other.pause("email", now + 10_000);
    expect(await one.reserveSlots("email", 1, now)).toEqual({ outcome: "paused", until: now + 10_000 });
    // Seen full by one, emptied for all it knows by time: a fresh look decides.
    expect(reserved(await one.reserveSlots("email", 1, now + 10_000)).startAt).toBe(now + 10_000);
  });
});
