import type { SigningKey } from "../core/signing-key.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import { versionsInForce, webhookId, webhookSecret, webhookSignature } from "../core/webhook-signature.ts";

/** The headers of one attempt, as Standard Webhooks 1.0 defines them. `about`: the update or probe in the body. */
export function signedHeaders(
  subscriber: WebhookSubscriber,
  key: SigningKey,
  about: string,
  body: string,
  now: number,
): Record<string, string> {
  const { pageId, id: subscriberId } = subscriber;
  const id = webhookId(subscriberId, about);
  const timestamp = Math.floor(now / 1_000);
  const signatures = versionsInForce(subscriber, now).map((version) =>
    webhookSignature(webhookSecret(key, pageId, subscriberId, version), id, timestamp, body),
  );
  return {
    "user-agent": "Tocsin-Webhooks/1.0",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
