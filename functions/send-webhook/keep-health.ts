import type { AttemptOutcome } from "../core/attempt.ts";
import { healthAfter } from "../core/endpoint-health.ts";
import { LONGEST_SCHEDULE_MS } from "../core/retry-schedule.ts";
import type { EndpointHealth, WebhookSubscriber } from "../core/subscriber.ts";
import { type QuarantineDeps, quarantineIfDead } from "./quarantine.ts";

/**
 * Stores what an attempt says about its endpoint: nothing while it is well. `claimed`: its health during the attempt.
 */
export async function keepHealth(
  subscriber: WebhookSubscriber,
  outcome: AttemptOutcome,
  claimed: EndpointHealth | null,
  deps: QuarantineDeps,
): Promise<void> {
  const { pageId, id } = subscriber;
  const health = healthAfter(claimed, outcome, deps.clock());
  if (health === undefined) return;
  const saved = await deps.subscribers.saveHealth(pageId, id, claimed, health);
  if (health === null) {
    if (saved.outcome === "lost") await forget(subscriber, deps);
    return;
  }
  // Lost: another attempt beside this one has reported the failure, and once is enough.
  const failingFor = health.failedAt - health.since;
  if (saved.outcome === "saved" && failingFor > LONGEST_SCHEDULE_MS) {
    await quarantineIfDead(subscriber, health.since, reasonOf(outcome), deps);
  }
}

/** Another attempt failed while this one was accepted: the acceptance counts. */
async function forget({ pageId, id }: WebhookSubscriber, { subscribers }: QuarantineDeps): Promise<void> {
  const present = await subscribers.get(pageId, "webhook", id);
  if (present?.channel !== "webhook" || present.health === undefined) return;
  await subscribers.saveHealth(pageId, id, present.health, null);
}

function reasonOf(outcome: AttemptOutcome): string {
  return "reason" in outcome ? outcome.reason : outcome.outcome;
}
