import type { Catalog, Component } from "../../core/component.ts";
import type { Page, Site } from "../../core/page.ts";
import { type Rendering, renderingOf } from "../../core/rendering.ts";
import { slotMarker } from "../slot-marker.ts";
import { DOCUMENTATION, statusOf, webhookComponent, zoned } from "./statuspage-json.ts";

/** A component's change of status without an incident. `id` names the change; instants are `changedAt` and `generatedAt`. */
export interface ChangeWebhookSource {
  page: Page;
  catalog: Catalog;
  /** As the change left it. */
  component: Component;
  id: string;
  oldStatus: Component["status"];
  newStatus: Component["status"];
  changedAt: number;
  generatedAt: number;
  site: Site;
}

/** The webhook body of a component change. `unsubscribe` is null on the SNS topic. */
function changeWebhookJson(source: ChangeWebhookSource, unsubscribe: string | null) {
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

/** The body posted to every endpoint; only the token in `meta.unsubscribe` differs. */
export function composeChangeWebhook(source: ChangeWebhookSource): Rendering {
  const marker = slotMarker(source.id, "unsubscribe_token");
  const unsubscribe = `${source.site.subscriptionsUrl}/unsubscribe/${marker}`;
  return renderingOf(JSON.stringify(changeWebhookJson(source, unsubscribe)), { [marker]: "unsubscribe_token" });
}

/** The same body as the topic publishes it: it has no single recipient, so nobody to unsubscribe. */
export function composeChangeTopicJson(source: ChangeWebhookSource): string {
  return JSON.stringify(changeWebhookJson(source, null));
}
