import type { TopicState } from "../core/notice.ts";
import type { PlanWork } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import { planNotice } from "./plan.ts";
import type { PlanDeps } from "./plan-deps.ts";
import { gatherQuarantine, passOnDigest, type QuarantineMailDeps } from "./quarantine-mail.ts";
import { planningWorkOf } from "./wake.ts";

export type PlanningDeps = PlanDeps & QuarantineMailDeps & { log: Logger };

/** Plans a notice. What the topic will never take is told once; what it has not taken yet, at each try. */
export async function planAndTell(work: PlanWork, deps: PlanDeps & { log: Logger }): Promise<void> {
  const planned = await planNotice(work, deps);
  switch (planned.outcome) {
    case "nothing to plan":
    case "withdrawn":
      return;
    case "planned":
    case "published again":
      return tellOfTopic(work, planned.topic, deps.log);
    default:
      return unreachable(planned);
  }
}

function tellOfTopic(work: PlanWork, { state, reason }: TopicState, log: Logger): void {
  switch (state) {
    case "published":
      return;
    case "waiting":
      log.warn("not published to the topic yet", { ...work, reason });
      return;
    case "refused":
      log.error("never published to the topic", new Error(reason ?? "no reason"), { ...work, reason });
      return;
    default:
      unreachable(state);
  }
}

/** One body of the planning queue. */
export async function handlePlanning(body: string, deps: PlanningDeps): Promise<void> {
  const work = planningWorkOf(body);
  if (!("kind" in work)) return planAndTell(work, deps);
  switch (work.kind) {
    case "quarantine":
      return gatherQuarantine(work, deps);
    case "digest":
      return passOnDigest(work, deps);
    default:
      return unreachable(work);
  }
}
