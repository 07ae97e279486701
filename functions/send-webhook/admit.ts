import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import { admission } from "../core/endpoint-health.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import type { Admitted } from "../send-chunk/channel-sender.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

/** How soon to look again when another attempt was faster: by then its outcome may be known. */
const RIVAL_MS = 5_000;

/**
 * One of all the attempts that wait for a failing endpoint may try: the one that writes its claim first. For a healthy
 * endpoint this costs nothing.
 */
export async function admitToEndpoint(
  subscriber: WebhookSubscriber,
  delivery: Delivery,
  deps: { subscribers: Pick<SubscriberStore, "saveHealth">; clock: Clock },
): Promise<Admitted> {
  const { pageId, id, health } = subscriber;
  const now = deps.clock();
  const admitted = admission(health, delivery, now);
  if (admitted.outcome !== "claim") return admitted;
  const saved = await deps.subscribers.saveHealth(pageId, id, health ?? null, admitted.claim);
  return saved.outcome === "saved"
    ? { outcome: "go", claimed: admitted.claim }
    : { outcome: "held", until: now + RIVAL_MS };
}
