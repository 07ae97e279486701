import type { Catalog } from "../../core/component.ts";
import type { WebhookSubscriber } from "../../core/subscriber.ts";
import type { HttpRequest } from "../../lambda/http.ts";
import { openLink } from "../open-link.ts";
import type { Visit } from "../visit.ts";
import { boundOf } from "./portal-link.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

/** The endpoint that a link opens, as it is now. */
export interface Portal extends Visit {
  catalog: Catalog;
  subscriber: WebhookSubscriber;
  /** `/portal/<token>` */
  path: string;
}

/** Null for every link that does not work, whatever is wrong with it. */
export async function openPortal(deps: WebhookDeps, request: HttpRequest): Promise<Portal | null> {
  const now = deps.clock();
  const token = request.params.token ?? "";
  const opened = await openLink(deps, "manage", token, (subscriber) =>
    subscriber.channel === "webhook" ? boundOf(subscriber) : null,
  );
  if (opened?.subscriber.channel !== "webhook") return null;
  const { key, subscriber } = opened;
  const [page, catalog] = await Promise.all([opened.page(), deps.status.getCatalog(subscriber.pageId)]);
  return page === null ? null : { page, catalog, key, subscriber, path: `/portal/${token}`, now };
}
