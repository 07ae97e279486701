import type { Random } from "../../functions/core/clock.ts";
import { NO_PERMITS, PERMIT_DAY_MS } from "../../functions/core/permit.ts";
import { PROBE_MS, type SenderProblem } from "../../functions/core/sender-problem.ts";
import type { SigningKey } from "../../functions/core/signing-key.ts";
import {
  type AccessStore,
  DEFAULT_RATES,
  type Limit,
  type Reservation,
  type SendProblem,
  type SendRate,
  type SendSchedule,
  type VersionedPermits,
} from "../../functions/store/access/access-store.ts";
import { keyOf } from "./memory-lists.ts";

interface Schedule {
  /** When the next free slot begins. */
  freeAt: number;
  pausedUntil: number;
  rate: SendRate;
  problem: SendProblem | null;
}

type Run =
  | { state: "running"; requestHash: string; seed: string; leaseUntil: number }
  | { state: "done"; requestHash: string; status: number; body: string };

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const RUN_LEASE_MS = 60 * SECOND;
/** The share of a provider's rate that is used: 96 in a hundred. */
const SHARE_OF_RATE = 0.96;

/**
 * The access store in memory. `pages` have their signing keys, like every page that was made. It shares no code with
 * the adapter; from core it takes only the permits' day and how long a probe has.
 */
export function memoryAccessStore({ random, pages = [] }: { random: Random; pages?: readonly string[] }): AccessStore {
  const signingKeys = new Map<string, SigningKey[]>();
  const schedules = new Map<SendSchedule, Schedule>();
  const counters = new Map<string, number>();
  const turns = new Map<string, number>();
  const permits = new Map<string, VersionedPermits>();
  let share = Number.NEGATIVE_INFINITY;
  const requests = new Map<string, { item: Run; expiresAt: number }>();

  function makeSigningKey(pageId: string): void {
    if (signingKeys.has(pageId)) return;
    signingKeys.set(pageId, [{ version: 1, key: Uint8Array.from(random(32)) }]);
  }
  for (const pageId of pages) makeSigningKey(pageId);

  function scheduleOf(name: SendSchedule): Schedule {
    const present = schedules.get(name);
    if (present !== undefined) return present;
    const made: Schedule = { freeAt: 0, pausedUntil: 0, rate: DEFAULT_RATES[name], problem: null };
    schedules.set(name, made);
    return made;
  }

  return {
    async makeSigningKey(pageId) {
      makeSigningKey(pageId);
    },

    async currentSigningKey(pageId) {
      const newest = signingKeys.get(pageId)?.at(-1);
      if (newest === undefined) throw new Error(`page ${pageId} has no signing key`);
      return structuredClone(newest);
    },

    async getSigningKey(pageId, version) {
      return structuredClone(signingKeys.get(pageId)?.find((key) => key.version === version) ?? null);
    },

    async reserveSlots(schedule, count, now) {
      return reserve(scheduleOf(schedule), count, now);
    },

    async getRate(schedule) {
      const { rate, problem } = scheduleOf(schedule);
      return { ...rate, problem };
    },

    async saveRate(schedule, rate, _now) {
      // If a rate says nothing about the whole day, that part stays as it was.
      scheduleOf(schedule).rate = { ...scheduleOf(schedule).rate, ...rate };
    },

    async pause(schedule, until) {
      const stored = scheduleOf(schedule);
      stored.pausedUntil = Math.max(until, stored.pausedUntil);
    },

    async beginProblem(schedule, reason, now, probeAt) {
      const stored = scheduleOf(schedule);
      const known: SenderProblem | null = stored.problem?.reason ?? null;
      stored.problem = { reason, since: stored.problem?.since ?? now, probeAt };
      return known;
    },

    async endProblem(schedule, since) {
      const stored = scheduleOf(schedule);
      if (stored.problem?.since !== since) return { outcome: "lost" };
      stored.problem = null;
      return { outcome: "ended" };
    },

    async count(counter, limit, now, by = 1) {
      const { key, until } = stretchOf(counter, limit, now);
      const counted = counters.get(key) ?? 0;
      if (counted + by > limit.most) return { outcome: "over", until };
      counters.set(key, counted + by);
      return { outcome: "counted" };
    },

    async getCount(counter, limit, now) {
      return counters.get(stretchOf(counter, limit, now).key) ?? 0;
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
        const item: Run = { state: "running", requestHash, seed, leaseUntil: now + RUN_LEASE_MS };
        requests.set(key, { item, expiresAt: now + DAY });
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

function reserve(schedule: Schedule, count: number, now: number): Reservation {
  if (schedule.pausedUntil > now) return { outcome: "paused", until: schedule.pausedUntil };
  const { perSecond } = schedule.rate;
  if (perSecond <= 0) return { outcome: "paused", until: now + 30 * SECOND };
  const { problem } = schedule;
  if (problem !== null && problem.probeAt > now) return { outcome: "paused", until: problem.probeAt };
  if (problem === null && schedule.freeAt > now + SECOND)
    return { outcome: "full", retryAt: Math.ceil(schedule.freeAt - SECOND) };
  // Rounded up to whole microseconds, so that it is never faster than the rate.
  const spacingMs = Math.ceil((SECOND * SECOND) / (perSecond * SHARE_OF_RATE)) / SECOND;
  const startAt = problem === null ? Math.max(now, schedule.freeAt) : now;
  schedule.freeAt = startAt + count * spacingMs;
  if (problem !== null) schedule.problem = { ...problem, probeAt: now + PROBE_MS };
  return { outcome: "reserved", startAt, spacingMs, probe: problem };
}

/** A counter counts within fixed stretches of time. */
function stretchOf(counter: string, { windowMs }: Limit, now: number): { key: string; until: number } {
  const begin = now - (now % windowMs);
  return { key: keyOf(counter, windowMs, begin), until: begin + windowMs };
}
