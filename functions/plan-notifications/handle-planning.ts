import type { PlanWork } from "../core/queued-work.ts";
import type { Logger } from "../lambda/logger.ts";
import { type PlanDeps, planNotice } from "./plan.ts";
import { gatherQuarantine, passOnDigest, type QuarantineMailDeps } from "./quarantine-mail.ts";
import { planningWorkOf } from "./wake.ts";

export type PlanningDeps = PlanDeps & QuarantineMailDeps & { log: Logger };

/** Plans a notice. What the topic will never take is told once; what it has not taken yet, at each try. */
export async function planAndTell(work: PlanWork, deps: PlanDeps & { log: Logger }): Promise<void> {
  const planned = await planNotice(work, deps);
  if (!("topic" in planned) || planned.topic.state === "published") return;
  const fields = { ...work, reason: planned.topic.reason };
  if (planned.topic.state === "waiting") deps.log.warn("not published to the topic yet", fields);
  else deps.log.error("never published to the topic", new Error(planned.topic.reason ?? "no reason"), fields);
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
  }
}
