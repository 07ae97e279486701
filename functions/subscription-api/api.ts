import { type HttpHandler, type HttpRoute, httpApi, refuseAsJson } from "../lambda/http.ts";
import { speaksJson } from "../lambda/negotiate.ts";
import { busyOf } from "../store/busy.ts";
import { portalRoutes } from "./endpoints/portal.ts";
import { registrationRoutes } from "./endpoints/register-webhook.ts";
import type { WebhookDeps } from "./endpoints/webhook-deps.ts";
import { formAddress, formOnly, linkDoesNotWork, refused } from "./pages.tsx";
import { confirmRoutes } from "./people/confirm.ts";
import { manageRoutes } from "./people/manage.ts";
import { manageLinkRoutes } from "./people/manage-link.tsx";
import type { PeopleDeps } from "./people/people-deps.ts";
import { resubscribeRoutes } from "./people/resubscribe.ts";
import { emailSignUpRoutes } from "./people/sign-up-email.ts";
import { smsSignUpRoutes } from "./people/sign-up-sms.ts";
import { unsubscribeRoutes } from "./people/unsubscribe.ts";
import { readerLocale } from "./reader-locale.ts";
import { robotRoutes } from "./robots.ts";

export type SubscriptionDeps = PeopleDeps & WebhookDeps;

/** Room for a form with every component ticked that a page can have: a thousand and some, 32 bytes each. */
const BODY_LIMIT = 64 * 1_024;

/** Every route of the public. GET, HEAD and OPTIONS change nothing; only POST does. */
export function subscriptionRoutes(deps: SubscriptionDeps): HttpRoute[] {
  return [
    ...emailSignUpRoutes(deps),
    ...smsSignUpRoutes(deps),
    ...confirmRoutes(deps),
    ...manageLinkRoutes(deps),
    ...manageRoutes(deps),
    ...registrationRoutes(deps),
    ...portalRoutes(deps),
    ...unsubscribeRoutes(deps),
    ...resubscribeRoutes(deps),
    ...robotRoutes(),
  ];
}

/** Sign-up on the page, and the links in mails. */
export function subscriptionApi(deps: SubscriptionDeps): HttpHandler {
  return httpApi({
    routes: subscriptionRoutes(deps),
    bodyLimit: BODY_LIMIT,
    base: "",
    jsonSuffix: false,
    refuse: (problem, asked) => {
      if (speaksJson(asked.headers)) return refuseAsJson(problem);
      if (problem.status === 404) return linkDoesNotWork(deps.pageUrl, asked.headers);
      const [locale, form] = [readerLocale(asked.headers), formAddress(asked.path, deps.pageUrl)];
      return problem.status === 405 && asked.method === "GET"
        ? formOnly(problem, deps.pageUrl, form, locale)
        : refused(problem, deps.pageUrl, form, locale);
    },
    isBusy: (error) => busyOf(error) !== null,
    log: deps.log,
  });
}
