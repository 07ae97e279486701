import type { Catalog } from "../../core/component.ts";
import { isLinkValid, parseLinkToken } from "../../core/link-token.ts";
import type { WebhookSubscriber } from "../../core/subscriber.ts";
import type { HttpRequest } from "../../lambda/http.ts";
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
  const claim = parseLinkToken(token);
  if (claim?.channel !== "webhook") return null;
  const { pageId, keyVersion, subscriberId } = claim;
  const [key, subscriber, page, catalog] = await Promise.all([
    deps.access.getSigningKey(pageId, keyVersion),
    deps.subscribers.get(pageId, "webhook", subscriberId),
    deps.status.getPage(pageId),
    deps.status.getCatalog(pageId),
  ]);
  if (key === null || page === null || subscriber?.channel !== "webhook") return null;
  if (!isLinkValid(key, "manage", token, boundOf(subscriber), now)) return null;
  return { page, catalog, key, subscriber, path: `/portal/${token}`, now };
}
