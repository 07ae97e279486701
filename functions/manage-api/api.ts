import { type HttpHandler, httpApi, refuseAsJson } from "../lambda/http.ts";
import { busyOf } from "../store/busy.ts";
import { apiKeyRoutes } from "./api-keys.ts";
import { refusalAudit } from "./audit.ts";
import type { ManageDeps } from "./call.ts";
import { componentGroupRoutes } from "./components/component-groups.ts";
import { componentRoutes } from "./components/components.ts";
import { deliveryRoutes } from "./deliveries/deliveries.ts";
import { incidentListRoutes } from "./incidents/incident-lists.ts";
import { incidentUpdateRoutes } from "./incidents/incident-updates.ts";
import { incidentRoutes } from "./incidents/incidents.ts";
import { postmortemRoutes } from "./incidents/postmortems.ts";
import { previewRoutes } from "./incidents/previews.ts";
import { pageRoutes } from "./pages.ts";
import { httpRoute } from "./route.ts";
import { incidentSubscriberRoutes } from "./subscribers/incident-subscribers.ts";
import { subscriberBulkRoutes } from "./subscribers/subscriber-bulk.ts";
import { subscriberErasureRoutes } from "./subscribers/subscriber-erasure.ts";
import { subscriberExportRoutes } from "./subscribers/subscriber-export.ts";
import { subscriberImportRoutes } from "./subscribers/subscriber-import.ts";
import { subscriberRoutes } from "./subscribers/subscribers.ts";

const BODY_LIMIT = 256 * 1_024;

/** The operators' API: Statuspage's manage v1, and Tocsin's own routes beside it. */
export function manageApi(deps: ManageDeps): HttpHandler {
  // The router takes the first route with parameters that fits. So the named lists stand before /incidents/{incident},
  // and the routes for many subscribers before /subscribers/{subscriber}.
  const routes = [
    ...apiKeyRoutes(deps),
    ...pageRoutes(deps),
    ...componentRoutes(deps),
    ...componentGroupRoutes(deps),
    ...incidentListRoutes(deps),
    ...previewRoutes(deps),
    ...incidentRoutes(deps),
    ...incidentUpdateRoutes(deps),
    ...deliveryRoutes(deps),
    ...postmortemRoutes(deps),
    ...incidentSubscriberRoutes(deps),
    ...subscriberBulkRoutes(deps),
    ...subscriberErasureRoutes(deps),
    ...subscriberExportRoutes(deps),
    ...subscriberImportRoutes(deps),
    ...subscriberRoutes(deps),
  ];
  const auditRefusal = refusalAudit(deps.log);
  return httpApi({
    routes: routes.map((route) => httpRoute(route, deps, auditRefusal)),
    bodyLimit: BODY_LIMIT,
    base: "/v1",
    jsonSuffix: true,
    refuse: refuseAsJson,
    isBusy: (error) => busyOf(error) !== null,
    log: deps.log,
  });
}
