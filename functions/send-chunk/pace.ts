import type { AttemptOutcome } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import { PROBE_EVERY_MS } from "../core/sender-problem.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import type { AccessStore, SendProblem, SendSchedule, SendState } from "../store/access/access-store.ts";

type Slots =
  /** Start the i-th send no earlier than `at(i)`. `probe`: the first of them finds out whether this problem is over. */
  | { outcome: "go"; at: (index: number) => number; probe: SendProblem | null }
  /** No slot before `until`; it lies beyond the time that may be waited. */
  | { outcome: "later"; until: number };

/** The send rate, shared by all invocations. */
export interface Pace {
  /** Most recipients for one window: what fits into about a second. */
  windowSize(limit: number): Promise<number>;
  /** Reserves `count` slots, waiting until `deadline` at most. */
  reserve(count: number, deadline: number): Promise<Slots>;
  waitUntil(instant: number): Promise<void>;
  /**
   * Takes what an attempt says of sending as a whole: throttles and quotas hold everybody back, a problem of ours does until
   * a probe is taken. Never throws, because whoever calls it has an outcome to record.
   */
  learn(outcome: AttemptOutcome, probe: SendProblem | null): Promise<void>;
}

/** How long everybody holds back after the provider throttled one of us. */
const THROTTLE_PAUSE_MS = 1_000;
/** One connection among thousands may fail by chance: whether nobody gets through is soon found out. */
const MISSED_PAUSE_MS = 2_000;
/** SES counts its quota over a rolling day, so some of it comes back all the time. */
const QUOTA_PAUSE_MS = 15 * 60_000;

/** How old the known quota may be: sweep reads it once a minute. */
const QUOTA_AGE_MS = 30_000;
/** When to look again, once what updates may use of the day's quota is used up: it is counted over a rolling day. */
const QUOTA_RECHECK_MS = 60_000;

/** Updates leave alone what is kept of the day's quota for letters: confirmations and the like. */
export type PaceUse = "updates" | "letters";

/** The line that says so, for whoever looks for it. */
const SENDING_PAUSED = "sending paused";

export function sharedPace(deps: {
  use: PaceUse;
  access: AccessStore;
  schedule: SendSchedule;
  clock: Clock;
  sleep: (milliseconds: number) => Promise<void>;
  log: Logger;
}): Pace {
  const { use, access, schedule, clock, sleep, log } = deps;
  let known: { rate: SendState; at: number } | null = null;
  const readRate = async () => {
    const rate = await access.getRate(schedule);
    known = { rate, at: clock() };
    return rate;
  };
  const isQuotaUsedUp = async () => {
    if (use === "letters") return false;
    // What a chunk read for the size of its windows is good for this too.
    const { leftToday } = known !== null && known.at + QUOTA_AGE_MS > clock() ? known.rate : await readRate();
    return leftToday !== null && leftToday <= 0;
  };
  const waitUntil = async (instant: number) => {
    const wait = instant - clock();
    if (wait > 0) await sleep(wait);
  };
  const learnOf = async (outcome: AttemptOutcome, probe: SendProblem | null) => {
    if (outcome.outcome === "throttled") return access.pause(schedule, clock() + THROTTLE_PAUSE_MS);
    if (outcome.outcome === "quota exhausted") return access.pause(schedule, clock() + QUOTA_PAUSE_MS);
    if (isEverybodys(outcome)) {
      const { reason } = outcome;
      const isFirstMiss = probe === null && reason === "provider cannot be reached";
      const probeIn = isFirstMiss ? MISSED_PAUSE_MS : PROBE_EVERY_MS;
      const before = await access.beginProblem(schedule, reason, clock(), clock() + probeIn);
      // Once, however many find it out.
      if (before !== reason) log.warn(SENDING_PAUSED, { schedule, reason });
      return;
    }
    if (probe === null || !isTaken(outcome)) return;
    const ended = await access.endProblem(schedule, probe.since);
    if (ended.outcome === "ended") log.info("sending goes on", { schedule, reason: probe.reason });
  };
  return {
    waitUntil,
    async learn(outcome, probe) {
      try {
        await learnOf(outcome, probe);
      } catch (error) {
        log.error("what a send told of all sending was not kept", error, { schedule });
      }
    },
    async windowSize(limit) {
      const { perSecond, problem } = await readRate();
      // Whoever finds out about a problem does so with one recipient.
      return problem === null ? Math.max(1, Math.min(limit, Math.ceil(perSecond))) : 1;
    },
    async reserve(count, deadline) {
      if (await isQuotaUsedUp()) return { outcome: "later", until: clock() + QUOTA_RECHECK_MS };
      for (;;) {
        const reservation = await access.reserveSlots(schedule, count, clock());
        switch (reservation.outcome) {
          case "reserved":
            return {
              outcome: "go",
              at: (index) => reservation.startAt + index * reservation.spacingMs,
              probe: reservation.probe,
            };
          case "paused":
            if (reservation.until > deadline) return { outcome: "later", until: reservation.until };
            await waitUntil(reservation.until);
            break;
          case "full":
            if (reservation.retryAt > deadline) return { outcome: "later", until: reservation.retryAt };
            await waitUntil(reservation.retryAt);
            break;
          default:
            return unreachable(reservation);
        }
      }
    },
  };
}

/** For webhooks, which no provider limits. */
export function unpaced(clock: Clock, sleep: (milliseconds: number) => Promise<void>): Pace {
  return {
    windowSize: async (limit) => limit,
    reserve: async () => ({ outcome: "go", at: () => clock(), probe: null }),
    waitUntil: async (instant) => {
      const wait = instant - clock();
      if (wait > 0) await sleep(wait);
    },
    learn: async () => {},
  };
}

type SenderProblemOutcome = Extract<AttemptOutcome, { outcome: "sender problem" }>;

/** Whether no other send would fare better. */
export function isEverybodys(outcome: AttemptOutcome): outcome is SenderProblemOutcome {
  return outcome.outcome === "sender problem" && outcome.reach === "everybody";
}

/** Whether the provider looked at the recipient or the text, so that nothing is wrong with us any more. */
export function isTaken(outcome: AttemptOutcome): boolean {
  switch (outcome.outcome) {
    case "rejected":
      return outcome.asked !== false;
    case "accepted":
    case "gone":
    case "refused":
    case "sender problem":
      return true;
    case "unavailable":
    case "throttled":
    case "quota exhausted":
    case "unknown":
      return false;
  }
}
