import type { Clock } from "../core/clock.ts";
import type { Permits } from "../core/permit.ts";
import type { AccessStore } from "../store/access/access-store.ts";

export interface PermitsDeps {
  access: Pick<AccessStore, "getPermits" | "savePermits">;
  clock: Clock;
}

/** `contended`: others changed the permits each time, and nothing was stored. */
export type PermitsChange<T> = { outcome: "settled"; answer: T } | { outcome: "contended" };

/** A try fails only when somebody else makes a change. */
const TRIES = 8;

/**
 * Reads the permits of a mailbox or number and stores what `to` makes of them, unless that is null. If somebody else
 * was faster, it does both again. The answer is the one that belongs to what was stored.
 */
export async function changePermits<T>(
  { access, clock }: PermitsDeps,
  mac: string,
  to: (known: Permits, now: number) => Promise<{ next: Permits | null; answer: T }>,
): Promise<PermitsChange<T>> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const read = await access.getPermits(mac);
    const { version: _, ...known } = read;
    const now = clock();
    const { next, answer } = await to(known, now);
    if (next === null) return { outcome: "settled", answer };
    const saved = await access.savePermits(mac, read, next, now);
    if (saved.outcome === "saved") return { outcome: "settled", answer };
  }
  return { outcome: "contended" };
}
