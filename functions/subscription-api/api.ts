import type { Clock } from "../core/clock.ts";
import { type HttpHandler, httpApi } from "../lambda/http.ts";
import type { Logger } from "../lambda/logger.ts";
import type { AccessStore } from "../store/access.ts";
import type { StatusStore } from "../store/status.ts";
import type { SubscriberStore } from "../store/subscribers.ts";
import { confirmRoutes } from "./confirm.ts";
import { linkDoesNotWork, refused } from "./pages.tsx";
import { unsubscribeRoutes } from "./unsubscribe.ts";

export interface SubscriptionDeps {
  status: Pick<StatusStore, "getPage">;
  subscribers: Pick<SubscriberStore, "get" | "confirm" | "changeState">;
  access: Pick<AccessStore, "getSigningKey">;
  clock: Clock;
  /** No trailing slash. */
  pageUrl: string;
  log: Logger;
}

const BODY_LIMIT = 16 * 1_024;

/** What links in mails lead to. GET, HEAD and OPTIONS change nothing; only POST does. */
export function subscriptionApi(deps: SubscriptionDeps): HttpHandler {
  return httpApi({
    routes: [...confirmRoutes(deps), ...unsubscribeRoutes(deps)],
    bodyLimit: BODY_LIMIT,
    jsonSuffix: false,
    refuse: ({ status, message, headers }) =>
      status === 404 ? linkDoesNotWork(deps.pageUrl) : refused(status, message, deps.pageUrl, headers),
    log: deps.log,
  });
}
