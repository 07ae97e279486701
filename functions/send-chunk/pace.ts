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

export function sharedPace(deps: {
  access: AccessStore;
  schedule: SendSchedule;
  clock: Clock;
  sleep: (milliseconds: number) => Promise<void>;
}): Pace {
  const { access, schedule, clock, sleep } = deps;
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
