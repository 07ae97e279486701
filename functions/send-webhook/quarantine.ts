import type { Clock } from "../core/clock.ts";
import { quarantined } from "../core/feedback.ts";
import { LEASE_MS } from "../core/lease.ts";
import type { Subscriber, WebhookSubscriber } from "../core/subscriber.ts";
import type { QuarantineQueue } from "../providers/queues.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { changeSubscriber } from "../subscriptions/change-subscriber.ts";

export interface QuarantineDeps {
  ledger: Pick<Ledger, "listSubscriberDeliveries">;
  subscribers: Pick<SubscriberStore, "get" | "changeState" | "replace" | "saveHealth">;
  quarantines: QuarantineQueue;
  clock: Clock;
}

/** All of them. The list is read whole for any number, and only when a schedule of three days has come to its end. */
const ALL_DELIVERIES = 100_000;

/**
 * Puts an endpoint in quarantine unless it has accepted anything since `failingSince`. That is the commit of a delivery
 * whose schedule is exhausted, or the first failure of an endpoint that has failed for longer than any schedule lasts.
 * Accepted tests do not count, because they are no updates. The endpoint's other open deliveries end as suppressed at
 * their next attempt.
 */
export async function quarantineIfDead(
  { pageId, id, contactEmail, contactProvenAt }: WebhookSubscriber,
  failingSince: number,
  reason: string,
  deps: QuarantineDeps,
): Promise<void> {
  const [present, deliveries] = await Promise.all([
    deps.subscribers.get(pageId, "webhook", id),
    deps.ledger.listSubscriberDeliveries(pageId, id, ALL_DELIVERIES, null),
  ]);
  if (present?.state !== "active") return;
  const isAlive = deliveries.items.some(
    ({ state, updatedAt, subject }) => state === "accepted" && updatedAt >= failingSince && subject.kind !== "endpoint",
  );
  if (isAlive) return;

  // Queued first, so that a crash forgets nobody, and delayed for as long as this invocation can live. By then the
  // endpoint is in quarantine; or the work finds that it is not, and the delivery's next attempt queues it again. An
  // address that somebody else may have named gets nothing.
  if (contactEmail !== null && contactProvenAt !== undefined) {
    const work = { kind: "quarantine" as const, pageId, subscriberId: id, failingSince, reason };
    await deps.quarantines.sendQuarantine(work, LEASE_MS);
  }
  await putAside(deps, present);
}

/**
 * Throws when the endpoint keeps changing: then the delivery is not recorded, and its next attempt does all this again.
 */
async function putAside(deps: QuarantineDeps, read: Subscriber): Promise<void> {
  const changed = await changeSubscriber(deps, read, (present) =>
    present.state === "active" ? quarantined(present, "endpoint failing", deps.clock()) : null,
  );
  if (changed.outcome === "contended") {
    throw new Error(`endpoint ${read.id} could not be put in quarantine: it is being changed`);
  }
}
