import type { Clock } from "../core/clock.ts";
import { PROBE_EVERY_MS } from "../core/sender-problem.ts";
import type { Channel } from "../core/subscriber.ts";
import type { AccessStore } from "../store/access/access-store.ts";

/** How much a sweep may set going on a channel. */
interface Gate {
  /** Retries of all updates together, and chunks of each. */
  retries: number;
  chunks: number;
  /** When to ask again for work that was not let through. */
  opensAt: number;
}
export type Gates = Readonly<Record<Channel, Gate>>;

const OPEN: Gate = { retries: Number.POSITIVE_INFINITY, chunks: Number.POSITIVE_INFINITY, opensAt: 0 };
/**
 * Some, because not all of them will send anything: work that was overtaken or whose subscriber left just ends. Of the
 * others, the schedule's slots let one through.
 */
const A_FEW = { retries: 10, chunks: 2 };
const NONE = { retries: 0, chunks: 0 };

/**
 * While the provider of a channel takes nothing of ours, or the day's quota is used up, a few pieces of work find out
 * whether that is over. The others stay where they are. Otherwise twenty thousand chunks would be queued every minute,
 * and given back at once.
 */
export async function readGates(
  { access, clock }: { access: Pick<AccessStore, "getRate">; clock: Clock },
  onFailure: (error: unknown) => void,
): Promise<Gates> {
  const gateOf = async (schedule: "email" | "sms"): Promise<Gate> => {
    const rate = await access.getRate(schedule).catch((error: unknown) => {
      onFailure(error);
      return null;
    });
    const now = clock();
    // A rate that cannot be read shuts nothing for good: a few go through, and webhooks never depended on it.
    if (rate === null) return { ...A_FEW, opensAt: now + PROBE_EVERY_MS };
    const { problem, leftToday } = rate;
    const opensAt = Math.max(problem?.probeAt ?? now, now + PROBE_EVERY_MS);
    if (problem !== null) return { ...(problem.probeAt <= now ? A_FEW : NONE), opensAt };
    // Sweep has just read the quota; a few go through all the same, in case it could not.
    return leftToday !== null && leftToday <= 0 ? { ...A_FEW, opensAt } : OPEN;
  };
  const [email, sms] = await Promise.all([gateOf("email"), gateOf("sms")]);
  return { email, sms, webhook: OPEN };
}
