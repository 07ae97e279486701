import type { Channel } from "./subscriber.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Delay before attempt n + 1 (the first attempt is at 0). Webhook: the schedule of Standard Webhooks, three days in all. */
const DELAYS: Record<Channel, readonly number[]> = {
  webhook: [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
  email: [30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR],
  sms: [30 * SECOND, 5 * MINUTE],
};

/** An endpoint that has failed for longer than any schedule can last does not get another one. */
export const LONGEST_SCHEDULE_MS = 1.2 * DELAYS.webhook.reduce((sum, delay) => sum + delay, 0);

/**
 * Nothing is tried again this long after its commit: the longest schedule, with all its jitter and the waits for a
 * failing endpoint.
 */
export const OVERDUE_MS = 6 * 24 * HOUR;

const JITTER = 0.2;
const LONGEST_RETRY_AFTER = 10 * HOUR;

/**
 * Milliseconds until the next attempt after `attempts` were made, or null when the schedule is exhausted.
 * `jitter` is uniform in [0, 1); `retryAfterMs` (from 429 and 503) counts between the schedule's own delay and ten hours.
 */
export function retryDelay(
  channel: Channel,
  attempts: number,
  jitter: number,
  retryAfterMs: number | null,
): number | null {
  const base = DELAYS[channel][attempts - 1];
  if (base === undefined) return null;
  const spread = base * (1 + JITTER * (2 * jitter - 1));
  if (retryAfterMs === null) return Math.round(spread);
  return Math.round(Math.max(spread, Math.min(retryAfterMs, LONGEST_RETRY_AFTER)));
}

/** Like `retryDelay`, but repeats the schedule's longest delay once the schedule is exhausted. */
export function endlessDelay(channel: Channel, attempts: number, jitter: number): number {
  return (
    retryDelay(channel, attempts, jitter, null) ?? retryDelay(channel, DELAYS[channel].length, jitter, null) ?? HOUR
  );
}

/** How long a queued retry stays out of sweep's sight. After that the queue is taken to have lost it. */
export const DUE_GRACE_MS = 2 * MINUTE;

/**
 * No delivery is open for longer. Each wait of the webhooks' schedule may be as long as jitter and `Retry-After` allow
 * (five and a half days), and sweep may be late.
 */
export const LONGEST_OPEN_MS = 7 * 24 * HOUR;

/** SQS allows at most this delay on a standard queue; a later retry waits in the due index. */
export const LONGEST_QUEUE_DELAY_MS = 15 * MINUTE;
