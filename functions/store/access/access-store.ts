import type { Permits } from "../../core/permit.ts";
import type { SenderProblem } from "../../core/sender-problem.ts";
import type { SigningKey } from "../../core/signing-key.ts";

/** The shared send schedule of one provider (GCRA: `tat` is when the next slot begins). */
export type SendSchedule = "email" | "sms";
export interface SendRate {
  perSecond: number;
  /** Sends that updates have left today; null where the provider has no daily quota. */
  leftToday: number | null;
  /** All that may be sent within 24 hours, where the provider says so. */
  perDay?: number;
}
/** What keeps a provider from taking anything of ours; while it lasts, one send at a time finds out whether it is over. */
export interface SendProblem {
  reason: SenderProblem;
  since: number;
  /** No send before then. */
  probeAt: number;
}
export interface SendState extends SendRate {
  problem: SendProblem | null;
}
/** Why nothing of an update goes out on a channel; null while something may. */
export function pauseIn({ problem, leftToday }: SendState): string | null {
  if (problem !== null) return problem.reason;
  return leftToday !== null && leftToday <= 0 ? "daily quota used up" : null;
}

export type Reservation =
  /**
   * `count` slots, the first at `startAt`, `spacingMs` apart. `probe`: the problem that the first of them finds out about;
   * nobody else gets a slot meanwhile.
   */
  | { outcome: "reserved"; startAt: number; spacingMs: number; probe: SendProblem | null }
  /** The schedule is full further ahead than allowed: ask again then. */
  | { outcome: "full"; retryAt: number }
  /** The provider told us to stop until then. */
  | { outcome: "paused"; until: number };

/** A request seen before under this Idempotency-Key (24 hours). */
export type IdempotencyOutcome =
  /** Ours to run; `seed` is the same for every run under this key, so that the ids it makes are too. */
  | { outcome: "run"; seed: string }
  | { outcome: "replay"; status: number; body: string }
  | { outcome: "running" }
  /** The key was used with another request. */
  | { outcome: "mismatch" };

/** Version 0: nothing is stored. */
export type VersionedPermits = Permits & { version: number };

/** How much is allowed in a stretch of time. Stretches are fixed: each begins at a multiple of its length. */
export interface Limit {
  most: number;
  windowMs: number;
}
type CountOutcome = { outcome: "counted" } | { outcome: "over"; until: number };

/** The access table: signing keys, idempotency, rates. Which role may touch which of them: `LEADING_KEYS` in access-items.ts. */
export interface AccessStore {
  /** The first signing key, unless the page has one. Made with the page; no function may write one: who could, could forge every link. */
  makeSigningKey(pageId: string): Promise<void>;
  /** The newest. Throws when the page has none. */
  currentSigningKey(pageId: string): Promise<SigningKey>;
  getSigningKey(pageId: string, version: number): Promise<SigningKey | null>;

  /** Reserves `count` slots, at most a second ahead of `now`. Without a stored rate the default applies. */
  reserveSlots(schedule: SendSchedule, count: number, now: number): Promise<Reservation>;
  getRate(schedule: SendSchedule): Promise<SendState>;
  saveRate(schedule: SendSchedule, rate: SendRate, now: number): Promise<void>;
  /** No slot before `until`: the provider throttled us or the day's quota is used up. */
  pause(schedule: SendSchedule, until: number): Promise<void>;
  /** The provider takes nothing of ours: no slot before `probeAt`, and then one. Returns the reason known before, or null. */
  beginProblem(
    schedule: SendSchedule,
    reason: SenderProblem,
    now: number,
    probeAt: number,
  ): Promise<SenderProblem | null>;
  /** The problem that began at `since` is over. `lost`: it was so already. */
  endProblem(schedule: SendSchedule, since: number): Promise<{ outcome: "ended" | "lost" }>;

  /** Counts `by` (1; less than 0 gives back) towards what the counter allows; `over`: that would be too much, and nothing was counted. Counters name no address. */
  count(counter: string, limit: Limit, now: number, by?: number): Promise<CountOutcome>;
  /** What is counted in the stretch that `now` lies in. */
  getCount(counter: string, limit: Limit, now: number): Promise<number>;

  /** One holder at a time, until `until` at the latest. False: somebody else has the turn. Turns name no address. */
  takeTurn(turn: string, now: number, until: number): Promise<boolean>;
  /** Ends the turn that was taken until `until`; somebody else's, taken since, stays. */
  endTurn(turn: string, until: number): Promise<void>;

  /** What letters a mailbox or number got, by its `addressMac`. */
  getPermits(mac: string): Promise<VersionedPermits>;
  /** In the place of what was read. `lost`: somebody else was faster. They expire with their last letter, unless the mailbox is somebody's contact. */
  savePermits(mac: string, read: VersionedPermits, next: Permits, now: number): Promise<{ outcome: "saved" | "lost" }>;
  /**
   * Moves the clock of the letters' share on by `spacingMs`, if it is then no more than a day ahead of `now`; see
   * `shareSpacing`. `over`: it would be, and was not moved.
   */
  takeShare(spacingMs: number, now: number): Promise<{ outcome: "taken" } | { outcome: "over" }>;
  giveBackShare(spacingMs: number): Promise<void>;

  beginIdempotent(
    pageId: string,
    keyHash: string,
    requestHash: string,
    now: number,
    seed: string,
  ): Promise<IdempotencyOutcome>;
  completeIdempotent(pageId: string, keyHash: string, status: number, body: string): Promise<void>;
}

/** A new AWS account's SES sandbox sends one a second; sweep reads the real rate within a minute. */
export const DEFAULT_RATES: Record<SendSchedule, SendRate> = {
  email: { perSecond: 1, leftToday: null },
  // SNS: 20 SMS a second per account and region for transactional messages.
  sms: { perSecond: 20, leftToday: null },
};
