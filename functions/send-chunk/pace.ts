import type { Clock } from "../core/clock.ts";
import type { AccessStore, SendSchedule } from "../store/access.ts";

export type Slots =
  /** Start the i-th send no earlier than `at(i)`. */
  | { outcome: "go"; at: (index: number) => number }
  /** No slot before `until`; it lies beyond the time that may be waited. */
  | { outcome: "later"; until: number };

/** The send rate, shared by all invocations. */
export interface Pace {
  /** Most recipients for one window: what fits into about a second. */
  windowSize(limit: number): Promise<number>;
  /** Reserves `count` slots, waiting until `deadline` at most. */
  reserve(count: number, deadline: number): Promise<Slots>;
  waitUntil(instant: number): Promise<void>;
  /** The provider said stop. */
  pause(until: number): Promise<void>;
}

/** How old the known quota may be: sweep reads it once a minute. */
const QUOTA_AGE_MS = 30_000;
/** When to look again, once what updates may use of the day's quota is used up: it is counted over a rolling day. */
const QUOTA_RECHECK_MS = 60_000;

/** Updates leave alone what is kept of the day's quota for letters: confirmations and the like. */
export type PaceUse = "updates" | "letters";

export function sharedPace(deps: {
  use: PaceUse;
  access: AccessStore;
  schedule: SendSchedule;
  clock: Clock;
  sleep: (milliseconds: number) => Promise<void>;
}): Pace {
  const { use, access, schedule, clock, sleep } = deps;
  let known: { leftToday: number | null; at: number } | null = null;
  const isQuotaUsedUp = async () => {
    if (use === "letters") return false;
    if (known === null || known.at + QUOTA_AGE_MS <= clock()) {
      const { leftToday } = await access.getRate(schedule);
      known = { leftToday, at: clock() };
    }
    return known.leftToday !== null && known.leftToday <= 0;
  };
  const waitUntil = async (instant: number) => {
    const wait = instant - clock();
    if (wait > 0) await sleep(wait);
  };
  return {
    waitUntil,
    pause: (until) => access.pause(schedule, until),
    async windowSize(limit) {
      const { perSecond } = await access.getRate(schedule);
      return Math.max(1, Math.min(limit, Math.ceil(perSecond)));
    },
    async reserve(count, deadline) {
      if (await isQuotaUsedUp()) return { outcome: "later", until: clock() + QUOTA_RECHECK_MS };
      for (;;) {
        const reservation = await access.reserveSlots(schedule, count, clock());
        switch (reservation.outcome) {
          case "reserved":
            return { outcome: "go", at: (index) => reservation.startAt + index * reservation.spacingMs };
          case "paused":
            if (reservation.until > deadline) return { outcome: "later", until: reservation.until };
            await waitUntil(reservation.until);
            break;
          case "full":
            if (reservation.retryAt > deadline) return { outcome: "later", until: reservation.retryAt };
            await waitUntil(reservation.retryAt);
            break;
        }
      }
    },
  };
}

/** For webhooks, which no provider limits. */
export function unpaced(clock: Clock, sleep: (milliseconds: number) => Promise<void>): Pace {
  return {
    windowSize: async (limit) => limit,
    reserve: async () => ({ outcome: "go", at: () => clock() }),
    waitUntil: async (instant) => {
      const wait = instant - clock();
      if (wait > 0) await sleep(wait);
    },
    pause: async () => {},
  };
}
