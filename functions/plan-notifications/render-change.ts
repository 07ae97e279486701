import type { Site } from "../core/page.ts";
import { composeChangeTopicJson, composeChangeWebhook } from "../templates/change-webhook.ts";
import type { ChangeSource, RenderedChange } from "./plan-change.ts";

/** Every text of a component change, once: all attempts send the same bytes. */
export function renderChange({ now, notice, ...rest }: ChangeSource, site: Site): RenderedChange {
  const source = {
    ...rest,
    ...notice.change,
    id: notice.updateId,
    changedAt: notice.committedAt,
    site,
    generatedAt: now,
  };
  return { webhook: composeChangeWebhook(source), topic: composeChangeTopicJson(source) };
}
