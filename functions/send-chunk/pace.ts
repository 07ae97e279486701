import type { AttemptOutcome } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import { PROBE_EVERY_MS } from "../core/sender-problem.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import type { AccessStore, SendProblem, SendSchedule, SendState } from "../store/access/access-store.ts";

type Slots =
  /** Start the i-th send no earlier than `at(i)`. `probe`: the first send finds out whether this problem is over. */
  | { outcome: "go"; at: (index: number) => number; probe: SendProblem | null }
  /** No slot before `until`, which lies beyond the time that the caller may wait. */
  | { outcome: "later"; until: number };

/** The send rate, shared by all invocations. */
export interface Pace {
  /** The most recipients for one window: what fits into about a second. */
  windowSize(limit: number): Promise<number>;
  /** Reserves `count` slots, waiting until `deadline` at most. */
  reserve(count: number, deadline: number): Promise<Slots>;
  waitUntil(instant: number): Promise<void>;
  /**
   * Takes in what an attempt says about sending as a whole. Throttles and quotas hold everybody back, and so does a
   * problem of ours until a probe is taken. Never throws, because the caller has an outcome to record.
   */
  learn(outcome: AttemptOutcome, probe: SendProblem | null): Promise<void>;
}

/** How long everybody holds back after the provider throttled one of us. */
const THROTTLE_PAUSE_MS = 1_000;
/**
 * One connection among thousands may fail by chance, and it takes little time to find out whether nobody gets through.
 */
const MISSED_PAUSE_MS = 2_000;
/** SES counts its quota over a rolling day, so some of it comes back all the time. */
const QUOTA_PAUSE_MS = 15 * 60_000;

/**
 * A fast schedule has room again within a millisecond, and somebody else takes it. Invocations beyond what the rate needs
 * would do nothing but write to its item. A second of slots is given out ahead, so these pauses leave none unused.
 */
const FULL_PAUSE_MS = { first: 50, longest: 400 };

/** How old the known quota may be: sweep reads it once a minute. */
const QUOTA_AGE_MS = 30_000;
/** When to look again, once updates have used up their part of the day's quota: SES counts it over a rolling day. */
const QUOTA_RECHECK_MS = 60_000;

/** Letters are confirmations and the like. Updates leave alone the part of the day's quota that is kept for them. */
export type PaceUse = "updates" | "letters";

/** The line that says so in the log. */
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
    // The rate that a chunk read for the size of its windows serves here too.
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
      // Logged once, however many find it out.
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
      // A probe takes one recipient.
      return problem === null ? Math.max(1, Math.min(limit, Math.ceil(perSecond))) : 1;
    },
    async reserve(count, deadline) {
      if (await isQuotaUsedUp()) return { outcome: "later", until: clock() + QUOTA_RECHECK_MS };
      let pause = FULL_PAUSE_MS.first;
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
          case "full": {
            const until = Math.max(reservation.retryAt, clock() + pause);
            pause = Math.min(2 * pause, FULL_PAUSE_MS.longest);
            if (until > deadline) return { outcome: "later", until };
            await waitUntil(until);
            break;
          }
          default:
            return unreachable(reservation);
        }
      }
    },
  };
}

/** For webhooks: no provider limits them. */
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

/** Whether the provider looked at the recipient or the text, which shows that nothing is wrong with us any more. */
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
