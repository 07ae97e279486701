import type { Permits } from "../../core/permit.ts";
import { NO_SENDER_SET, type SenderProblem } from "../../core/sender-problem.ts";
import type { SigningKey } from "../../core/signing-key.ts";

/** The shared send schedule of one provider (GCRA: `tat` is when the next slot begins). */
export type SendSchedule = "email" | "sms";
export interface SendRate {
  perSecond: number;
  /** Sends that updates have left today; null where the provider has no daily quota. */
  leftToday: number | null;
  /** All that may be sent within 24 hours, if the provider gives a limit. */
  perDay?: number;
}
/** Why a provider takes nothing of ours. While this lasts, one send at a time finds out whether it is over. */
export interface SendProblem {
  reason: SenderProblem;
  since: number;
  /** No send before then. */
  probeAt: number;
}
export interface SendState extends SendRate {
  problem: SendProblem | null;
}
/** Why nothing of an update goes out on a channel; null if something may. */
export function pauseIn({ problem, leftToday }: SendState): string | null {
  if (problem !== null) return problem.reason;
  return leftToday !== null && leftToday <= 0 ? "daily quota used up" : null;
}

/** The same of mail, which may have no sender at all. */
export function pauseOfMail(state: SendState, { hasMail }: { hasMail: boolean }): string | null {
  return hasMail ? pauseIn(state) : NO_SENDER_SET;
}

export type Reservation =
  /**
   * `count` slots, the first at `startAt`, `spacingMs` apart. `probe`: the first slot finds out whether this problem is
   * over, and nobody else gets a slot meanwhile.
   */
  | { outcome: "reserved"; startAt: number; spacingMs: number; probe: SendProblem | null }
  /** The schedule is full for longer ahead than allowed: ask again then. */
  | { outcome: "full"; retryAt: number }
  /** The provider asked us to stop until then. */
  | { outcome: "paused"; until: number };

/** What became of a request under this Idempotency-Key (24 hours). */
export type IdempotencyOutcome =
  /** The caller runs it. `seed` is the same for every run under this key, so that each run makes the same ids. */
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

/**
 * The access table: signing keys, idempotency, rates. `LEADING_KEYS` in access-items.ts says which role may touch which
 * of them.
 */
export interface AccessStore {
  /**
   * Makes the first signing key, unless the page has one. This happens with the page. No function may write a key: one
   * that could, could forge every link.
   */
  makeSigningKey(pageId: string): Promise<void>;
  /** The newest. Throws when the page has none. */
  currentSigningKey(pageId: string): Promise<SigningKey>;
  getSigningKey(pageId: string, version: number): Promise<SigningKey | null>;

  /** Reserves `count` slots, at most a second ahead of `now`. Without a stored rate the default applies. */
  reserveSlots(schedule: SendSchedule, count: number, now: number): Promise<Reservation>;
  getRate(schedule: SendSchedule): Promise<SendState>;
  saveRate(schedule: SendSchedule, rate: SendRate, now: number): Promise<void>;
  /** No slot before `until`: the provider throttled us, or the day's quota is used up. */
  pause(schedule: SendSchedule, until: number): Promise<void>;
  /**
   * The provider takes nothing of ours: no slot before `probeAt`, and then one. Returns the reason stored before, or
   * null.
   */
  beginProblem(
    schedule: SendSchedule,
    reason: SenderProblem,
    now: number,
    probeAt: number,
  ): Promise<SenderProblem | null>;
  /** The problem that began at `since` is over. `lost`: somebody else ended it. */
  endProblem(schedule: SendSchedule, since: number): Promise<{ outcome: "ended" | "lost" }>;

  /**
   * Counts `by` towards what the counter allows (default 1; less than 0 gives back). `over`: that would be too much,
   * and nothing was counted. Counters name no address.
   */
  count(counter: string, limit: Limit, now: number, by?: number): Promise<CountOutcome>;
  /** What is counted in the stretch that `now` lies in. */
  getCount(counter: string, limit: Limit, now: number): Promise<number>;

  /** One holder at a time, until `until` at the latest. False: somebody else has the turn. Turns name no address. */
  takeTurn(turn: string, now: number, until: number): Promise<boolean>;
  /** Ends the turn that was taken until `until`. A later turn of somebody else stays. */
  endTurn(turn: string, until: number): Promise<void>;

  /** The letters that a mailbox or number got, by its `addressMac`. */
  getPermits(mac: string): Promise<VersionedPermits>;
  /**
   * Replaces what was read. `lost`: somebody else was faster. They expire with their last letter, unless the mailbox is
   * somebody's contact.
   */
  savePermits(mac: string, read: VersionedPermits, next: Permits, now: number): Promise<{ outcome: "saved" | "lost" }>;
  /**
   * Moves the clock of the letters' share on by `spacingMs`, if it is then no more than a day ahead of `now`; see
   * `shareSpacing`. `over`: it would be further ahead, and did not move.
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

/** SES's sandbox, where a new AWS account starts, sends one a second; sweep reads the real rate within a minute. */
export const DEFAULT_RATES: Record<SendSchedule, SendRate> = {
  email: { perSecond: 1, leftToday: null },
  // SNS: 20 SMS a second per account and region for transactional messages.
  sms: { perSecond: 20, leftToday: null },
};
