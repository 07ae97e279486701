import { type Rendering, renderingOf } from "../../core/rendering.ts";
import { slotMarker } from "../slot-marker.ts";
import { boundedWebhook } from "./bounded-webhook.ts";
import { type UpdateWebhookSource, updateWebhookJson } from "./statuspage-json.ts";

/** The body posted to every endpoint. Only the token in `meta.unsubscribe` differs. */
export function composeUpdateWebhook(source: UpdateWebhookSource): Rendering {
  const marker = slotMarker(source.update.id, "unsubscribe_token");
  const unsubscribe = `${source.site.subscriptionsUrl}/unsubscribe/${marker}`;
  return renderingOf(JSON.stringify(boundedWebhook(updateWebhookJson(source, unsubscribe))), {
    [marker]: "unsubscribe_token",
  });
}

/** The same body as the topic publishes it. It has no single recipient, so nobody to unsubscribe. */
export function composeUpdateTopicJson(source: UpdateWebhookSource): string {
  return JSON.stringify(boundedWebhook(updateWebhookJson(source, null)));
}
