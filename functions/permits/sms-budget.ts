import type { AccessStore, Limit } from "../store/access/access-store.ts";

/** The counter of what SMS cost: millionths of a USD, all senders and pages together, in a UTC day. */
export const SMS_SPEND = "sms spend";

const DAY_MS = 24 * 60 * 60 * 1_000;
const MICROS = 1_000_000;

/** The price taken for each segment of an SMS: the highest that it may have. */
export function priceInMicros(maxPriceUsd: number): number {
  return Math.ceil(maxPriceUsd * MICROS);
}

/** `share` of the day's ceiling. */
export function dayOf(ceilingUsd: number, share = 1): Limit {
  return { most: Math.floor(ceilingUsd * share * MICROS), windowMs: DAY_MS };
}

export function usdOf(micros: number): number {
  return micros / MICROS;
}

/** Whether `count` more segments, each at its highest price, are more than the day's ceiling has room for. */
export async function exceedsDay(
  { access }: { access: Pick<AccessStore, "getCount"> },
  count: number,
  { maxPriceUsd, dailyCeilingUsd }: { maxPriceUsd: number; dailyCeilingUsd: number },
  now: number,
): Promise<boolean> {
  if (count === 0) return false;
  const day = dayOf(dailyCeilingUsd);
  return (await access.getCount(SMS_SPEND, day, now)) + count * priceInMicros(maxPriceUsd) > day.most;
}
