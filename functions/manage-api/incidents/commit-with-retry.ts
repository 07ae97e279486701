import type { Clock } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { IncidentCommit } from "../../core/posting.ts";
import type { StatusStore } from "../../store/status/status-store.ts";
import { COMMIT_ATTEMPTS } from "../save-with-retry.ts";
import { checkHeader, checkUpdate } from "./item-bounds.ts";

export interface CommitRetryDeps {
  status: Pick<StatusStore, "commitIncident">;
  /** Waits that many milliseconds. */
  sleep: (ms: number) => Promise<void>;
  /** Uniform in [0, 1). */
  jitter: () => number;
}

// Doubled each time: about three seconds in all. Somebody is waiting for the answer, but in a burst of updates (a
// script, a bridge of five people) a wait is better than a request to try again.
const FIRST_DELAY_MS = 20;

export type CommitResult =
  | { outcome: "committed"; commit: IncidentCommit }
  | { outcome: "conflict" }
  | { outcome: "exists" };

interface Ready {
  outcome: "ready";
  commit: IncidentCommit;
}

/**
 * Commits what `attempt` makes of the tables as they are now. When somebody else wrote first, it calls `attempt` again,
 * which must read again everything that it builds on. It returns any answer other than `ready` untouched. Throws 422
 * for what the tables cannot hold.
 */
export async function commitWithRetry<T extends { outcome: string }>(
  deps: CommitRetryDeps,
  attempt: () => Promise<Ready | T>,
): Promise<CommitResult | T> {
  for (let tries = 1; ; tries += 1) {
    const built = await attempt();
    if (isOther(built)) return built;
    checkHeader(built.commit.incident);
    if (built.commit.update !== null) checkUpdate(built.commit.update);
    const { outcome } = await deps.status.commitIncident(built.commit);
    if (outcome === "committed") return { outcome, commit: built.commit };
    if (outcome === "exists" || tries === COMMIT_ATTEMPTS) return { outcome };
    await deps.sleep(FIRST_DELAY_MS * 2 ** (tries - 1) * (0.5 + deps.jitter()));
  }
}

/**
 * When an update of the incident counts as posted: at the time of the attempt, because the request may have lost races
 * meanwhile; and never before the previous update, whichever machine's clock dated that.
 */
export function timeOfAttempt({ clock }: { clock: Clock }, incident: Pick<Incident, "updatedAt">): number {
  return Math.max(clock(), incident.updatedAt);
}

function isOther<T extends { outcome: string }>(built: Ready | T): built is T {
  return built.outcome !== "ready";
}
