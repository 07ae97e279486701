import { HttpProblem } from "../lambda/problem.ts";
import type { CommitOutcome } from "../store/status/status-store.ts";

/** Attempts before the caller gets the conflict (409). */
export const COMMIT_ATTEMPTS = 8;

const FIRST_DELAY_MS = 20;

export interface RetryDeps {
  sleep: (ms: number) => Promise<void>;
  jitter: () => number;
}

/**
 * For pages and catalogs: `attempt` reads, builds and saves. After a lost race it is called again, and must read again.
 * Throws 409 when the races do not end.
 */
export async function saveWithRetry<T>(
  deps: RetryDeps,
  attempt: () => Promise<{ saved: CommitOutcome; result: T }>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const { saved, result } = await attempt();
    if (saved.outcome === "committed") return result;
    if (tries === COMMIT_ATTEMPTS) throw conflict();
    await deps.sleep(FIRST_DELAY_MS * 2 ** (tries - 1) * (0.5 + deps.jitter()));
  }
}

export function conflict(): HttpProblem {
  return new HttpProblem(409, "Somebody else is changing the same thing; nothing was stored, please try again");
}
