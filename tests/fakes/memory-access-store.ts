import type { Random } from "../../functions/core/clock.ts";
import { NO_PERMITS, PERMIT_DAY_MS } from "../../functions/core/permit.ts";
import type { SigningKey } from "../../functions/core/signing-key.ts";
import {
  counterWindow,
  IDEMPOTENCY_TTL_MS,
  type IdempotencyItem,
  noSigningKey,
  RUN_LEASE_MS,
  type ScheduleItem,
} from "../../functions/store/access/access-items.ts";
import type { AccessStore, SendSchedule, VersionedPermits } from "../../functions/store/access/access-store.ts";
import { probing, rateOf, slotsAt, spacingFor } from "../../functions/store/access/send-slots.ts";

/** The access store in memory. `pages` have their signing keys, as every page that was made has. */
export function memoryAccessStore({ random, pages = [] }: { random: Random; pages?: readonly string[] }): AccessStore {
  const signingKeys = new Map<string, SigningKey[]>();
  const schedules = new Map<SendSchedule, ScheduleItem>();
  const counters = new Map<string, number>();
  const turns = new Map<string, number>();
  const permits = new Map<string, VersionedPermits>();
  let share = Number.NEGATIVE_INFINITY;
  const requests = new Map<string, { item: IdempotencyItem; expiresAt: number }>();

  function makeSigningKey(pageId: string): void {
    if (signingKeys.has(pageId)) return;
    signingKeys.set(pageId, [{ version: 1, key: Uint8Array.from(random(32)) }]);
  }
  for (const pageId of pages) makeSigningKey(pageId);

  return {
    async makeSigningKey(pageId) {
      makeSigningKey(pageId);
    },

    async currentSigningKey(pageId) {
      const newest = signingKeys.get(pageId)?.at(-1);
      if (newest === undefined) throw new Error(noSigningKey(pageId));
      return structuredClone(newest);
    },

    async getSigningKey(pageId, version) {
      return structuredClone(signingKeys.get(pageId)?.find((key) => key.version === version) ?? null);
    },

    async reserveSlots(schedule, count, now) {
      const item = schedules.get(schedule) ?? {};
      const rate = rateOf(schedule, item);
      const slots = slotsAt(item, rate, now);
      if (slots.outcome === "full" || slots.outcome === "paused") return slots;
      const spacingMs = spacingFor(rate.perSecond);
      const probe = slots.outcome === "probe" ? slots.problem : null;
      const tat = slots.startAt + count * spacingMs;
      schedules.set(schedule, { ...item, tat, ...(probe === null ? {} : probing(now)) });
      return { outcome: "reserved", startAt: slots.startAt, spacingMs, probe };
    },

    async getRate(schedule) {
      return rateOf(schedule, schedules.get(schedule) ?? null);
    },

    async saveRate(schedule, rate, _now) {
      schedules.set(schedule, { ...schedules.get(schedule), ...rate });
    },

    async pause(schedule, until) {
      const item = schedules.get(schedule) ?? {};
      schedules.set(schedule, { ...item, pausedUntil: Math.max(until, item.pausedUntil ?? 0) });
    },

    async beginProblem(schedule, reason, now, probeAt) {
      const item = schedules.get(schedule) ?? {};
      schedules.set(schedule, { ...item, problem: reason, problemSince: item.problemSince ?? now, probeAt });
      return item.problem ?? null;
    },

    async endProblem(schedule, since) {
      const { problem, problemSince, probeAt, ...rest } = schedules.get(schedule) ?? {};
      if (problem === undefined || problemSince !== since) return { outcome: "lost" };
      schedules.set(schedule, rest);
      return { outcome: "ended" };
    },

    async count(counter, limit, now, by = 1) {
      const { key, until } = counterWindow(counter, limit, now);
      const name = `${key.pk}|${key.sk}`;
      const counted = counters.get(name) ?? 0;
      if (counted + by > limit.most) return { outcome: "over", until };
      counters.set(name, counted + by);
      return { outcome: "counted" };
    },

    async getCount(counter, limit, now) {
      const { key } = counterWindow(counter, limit, now);
      return counters.get(`${key.pk}|${key.sk}`) ?? 0;
    },

    async takeTurn(turn, now, until) {
      if ((turns.get(turn) ?? 0) > now) return false;
      turns.set(turn, until);
      return true;
    },

    async endTurn(turn, until) {
      if (turns.get(turn) === until) turns.set(turn, 0);
    },

    async getPermits(mac) {
      return structuredClone(permits.get(mac) ?? { ...NO_PERMITS, version: 0 });
    },

    async savePermits(mac, read, next, _now) {
      if ((permits.get(mac)?.version ?? 0) !== read.version) return { outcome: "lost" };
      permits.set(mac, structuredClone({ ...next, version: read.version + 1 }));
      return { outcome: "saved" };
    },

    async takeShare(spacingMs, now) {
      const next = Math.max(share, now) + spacingMs;
      if (next > now + PERMIT_DAY_MS) return { outcome: "over" };
      share = next;
      return { outcome: "taken" };
    },

    async giveBackShare(spacingMs) {
      share -= spacingMs;
    },

    async beginIdempotent(pageId, keyHash, requestHash, now, seed) {
      const key = `${pageId}#${keyHash}`;
      const found = requests.get(key);
      if (found === undefined || found.expiresAt <= now) {
        const item: IdempotencyItem = { state: "running", requestHash, seed, leaseUntil: now + RUN_LEASE_MS };
        requests.set(key, { item, expiresAt: now + IDEMPOTENCY_TTL_MS });
        return { outcome: "run", seed };
      }
      const { item } = found;
      if (item.requestHash !== requestHash) return { outcome: "mismatch" };
      if (item.state === "done") return { outcome: "replay", status: item.status, body: item.body };
      if (item.leaseUntil > now) return { outcome: "running" };
      item.leaseUntil = now + RUN_LEASE_MS;
      return { outcome: "run", seed: item.seed };
    },

    async completeIdempotent(pageId, keyHash, status, body) {
      const found = requests.get(`${pageId}#${keyHash}`);
      if (found?.item.state !== "running") return;
      found.item = { state: "done", requestHash: found.item.requestHash, status, body };
    },
  };
}
