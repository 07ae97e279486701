import { HttpProblem } from "../../lambda/problem.ts";
import type { AccessStore, Limit } from "../../store/access/access-store.ts";

/** Counts towards a limit of webhooks. Throws 429, which says from when on it may be tried again. */
export async function countOrRefuse(
  { access }: { access: Pick<AccessStore, "count"> },
  counter: string,
  limit: Limit,
  now: number,
  what: string,
  by = 1,
): Promise<void> {
  const counted = await access.count(counter, limit, now, by);
  if (counted.outcome === "counted") return;
  const seconds = Math.max(1, Math.ceil((counted.until - now) / 1_000));
  throw new HttpProblem(429, what, [], { "retry-after": String(seconds) });
}
