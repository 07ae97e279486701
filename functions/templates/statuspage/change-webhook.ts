import { type Rendering, renderingOf } from "../../core/rendering.ts";
import type { ChangeTextSource } from "../change-source.ts";
import { statusOf } from "../public-page.ts";
import { slotMarker } from "../slot-marker.ts";
import { DOCUMENTATION, webhookComponent, zoned } from "./statuspage-json.ts";

/** The webhook body of a component change. `unsubscribe` is null on the SNS topic. */
function changeWebhookJson(source: ChangeTextSource, unsubscribe: string | null) {
  const { page, catalog, component, site } = source;
  const at = zoned(page);
  const status = statusOf({ page, catalog, pageUrl: site.pageUrl }, []);
  return {
    meta: { unsubscribe, documentation: DOCUMENTATION, generated_at: at(source.generatedAt) },
    page: { id: page.id, status_indicator: status.indicator, status_description: status.description },
    component: webhookComponent(page, component),
    component_update: {
      old_status: source.oldStatus,
      new_status: source.newStatus,
      created_at: at(source.changedAt),
      component_type: "Component",
      id: source.id,
      component_id: component.id,
    },
  };
}

/** The body posted to every endpoint. Only the token in `meta.unsubscribe` differs. */
export function composeChangeWebhook(source: ChangeTextSource): Rendering {
  const marker = slotMarker(source.id, "unsubscribe_token");
  const unsubscribe = `${source.site.subscriptionsUrl}/unsubscribe/${marker}`;
  return renderingOf(JSON.stringify(changeWebhookJson(source, unsubscribe)), { [marker]: "unsubscribe_token" });
}

/** The same body as the topic publishes it. It has no single recipient, so nobody to unsubscribe. */
export function composeChangeTopicJson(source: ChangeTextSource): string {
  return JSON.stringify(changeWebhookJson(source, null));
}
