import { type PlanDeps, planNotice } from "./plan.ts";
import { passOnQuarantine, type QuarantineMailDeps } from "./quarantine-mail.ts";
import { planningWorkOf } from "./wake.ts";

export type PlanningDeps = PlanDeps & QuarantineMailDeps;

/** One body of the planning queue. */
export async function handlePlanning(body: string, deps: PlanningDeps): Promise<void> {
  const work = planningWorkOf(body);
  if ("kind" in work) await passOnQuarantine(work, deps);
  else await planNotice(work, deps);
}
