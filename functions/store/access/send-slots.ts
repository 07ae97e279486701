import { PROBE_MS } from "../../core/sender-problem.ts";
import type { ScheduleItem } from "./access-items.ts";
import {
  DEFAULT_RATES,
  type Reservation,
  type SendProblem,
  type SendRate,
  type SendSchedule,
  type SendState,
} from "./access-store.ts";

/** How far ahead slots may begin: an invocation that holds slots waits for them, and we pay for the wait. */
export const SLOTS_AHEAD_MS = 1_000;

// Less than the provider's rate, because sends stray from their slots. A provider that counts each second takes no more
// than the rate as long as no send is later than the others by 40 ms. One throttle holds everybody back for a whole
// second.
const SHARE_OF_RATE = 0.96;

/**
 * The pace at which a rate of zero (SES while an account may not send) is asked for again; sweep reads the rate every
 * minute.
 */
const NO_RATE_RETRY_MS = 30_000;

/** Milliseconds between two slots, to a thousandth so that sums stay exact; never faster than the rate. */
export function spacingFor(perSecond: number): number {
  return Math.ceil(1_000_000 / (perSecond * SHARE_OF_RATE)) / 1_000;
}

/** A lane's writes, of which each window makes one or two, are a fifth of what a key takes. */
const LANE_RATE = 2_500;

/** How many lanes a rate is dealt out to. What most accounts send at is one: the schedule's own item. */
export function lanesFor(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond / LANE_RATE));
}

export function rateOf(schedule: SendSchedule, item: ScheduleItem | null): SendState {
  const problem = problemOf(item);
  if (item?.perSecond === undefined) return { ...DEFAULT_RATES[schedule], problem };
  const { perSecond, leftToday = null, perDay } = item;
  return { perSecond, leftToday, ...(perDay === undefined ? {} : { perDay }), problem };
}

function problemOf(item: ScheduleItem | null): SendProblem | null {
  if (item?.problem === undefined) return null;
  return { reason: item.problem, since: item.problemSince ?? 0, probeAt: item.probeAt ?? 0 };
}

/** What a schedule's item says about its problem while somebody finds out whether it is over. */
export function probing(now: number): Required<Pick<ScheduleItem, "probeAt">> {
  return { probeAt: now + PROBE_MS };
}

/**
 * Whether slots are to be had at `now`. `appended`: they begin where the last ones end. `restarted`: they begin at
 * once, because the last ones ended in the past.
 */
export type SlotState =
  | { outcome: "appended"; startAt: number }
  | { outcome: "restarted"; startAt: number }
  /** One slot, to find out whether the problem is over. */
  | { outcome: "probe"; startAt: number; problem: SendProblem };

/** The GCRA's decision about a schedule as it stands. */
export function slotsAt(
  item: ScheduleItem | null,
  rate: SendRate,
  now: number,
): SlotState | Exclude<Reservation, { outcome: "reserved" }> {
  const pausedUntil = item?.pausedUntil ?? 0;
  if (pausedUntil > now) return { outcome: "paused", until: pausedUntil };
  if (rate.perSecond <= 0) return { outcome: "paused", until: now + NO_RATE_RETRY_MS };
  const problem = problemOf(item);
  if (problem !== null) {
    return problem.probeAt > now
      ? { outcome: "paused", until: problem.probeAt }
      : { outcome: "probe", startAt: now, problem };
  }
  const tat = item?.tat;
  if (tat === undefined || tat < now) return { outcome: "restarted", startAt: now };
  if (tat > now + SLOTS_AHEAD_MS) return { outcome: "full", retryAt: Math.ceil(tat - SLOTS_AHEAD_MS) };
  return { outcome: "appended", startAt: tat };
}
