import type { TopicState } from "../core/notice.ts";
import type { PlanningWork, PlanWork } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import { planNotice } from "./plan.ts";
import type { PlanDeps } from "./plan-deps.ts";
import { gatherQuarantine, passOnDigest, type QuarantineMailDeps } from "./quarantine-mail.ts";

export type PlanningDeps = PlanDeps & QuarantineMailDeps & { log: Logger };

/** Plans a notice. Logs once what the topic will never take, and at each try what it has not taken yet. */
export async function planAndTell(work: PlanWork, deps: PlanDeps & { log: Logger }): Promise<void> {
  const planned = await planNotice(work, deps);
  switch (planned.outcome) {
    case "nothing to plan":
    case "withdrawn":
      return;
    case "planned":
    case "goes on":
    case "published again":
      return tellOfTopic(work, planned.topic, deps.log);
    default:
      return unreachable(planned);
  }
}

function tellOfTopic({ pageId, updateId }: PlanWork, { state, reason }: TopicState, log: Logger): void {
  switch (state) {
    case "published":
      return;
    case "waiting":
      log.warn("not published to the topic yet", { pageId, updateId, reason });
      return;
    case "refused":
      log.error("never published to the topic", new Error(reason ?? "no reason"), { pageId, updateId, reason });
      return;
    default:
      unreachable(state);
  }
}

/** What comes over the planning queue: a missed notice, or a mail to render for a sender. */
export async function handlePlanning(work: PlanningWork, deps: PlanningDeps): Promise<void> {
  switch (work.kind) {
    case undefined:
      return planAndTell(work, deps);
    case "quarantine":
      return gatherQuarantine(work, deps);
    case "digest":
      return passOnDigest(work, deps);
    default:
      return unreachable(work);
  }
}
