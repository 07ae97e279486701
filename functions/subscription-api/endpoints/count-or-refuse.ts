import { HttpProblem } from "../../lambda/problem.ts";
import type { AccessStore, Limit } from "../../store/access/access-store.ts";

/** How often something may be asked for an endpoint, the counter for it, and the answer beyond that. */
export interface Allowance {
  counter: string;
  limit: Limit;
  refusal: string;
}

/** Counts `by` more. Throws 429, which says when to try again. */
export async function countOrRefuse(
  { access }: { access: Pick<AccessStore, "count"> },
  { counter, limit, refusal }: Allowance,
  now: number,
  by = 1,
): Promise<void> {
  const counted = await access.count(counter, limit, now, by);
  if (counted.outcome === "counted") return;
  const seconds = Math.max(1, Math.ceil((counted.until - now) / 1_000));
  throw new HttpProblem(429, refusal, [], { "retry-after": String(seconds) });
}
