import { type HttpRoute, json, parsedBody } from "../lambda/http.ts";
import { HttpProblem } from "../lambda/problem.ts";
import { audit, type RefusalAudit } from "./audit.ts";
import { authenticate, unauthenticated } from "./authenticate.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound } from "./call.ts";
import { runOnce } from "./run-once.ts";
/** Does authentication, page, scope, body, idempotency and the audit trail around what a route does. */
export function httpRoute(route: ManageRoute, deps: ManageDeps, auditRefusal: RefusalAudit): HttpRoute {
  return {
    method: route.method,
    path: `/v1${route.path}`,
    async run(request) {
      const now = deps.clock();
      const authenticated = await authenticate(request, deps, now);
      if (authenticated.outcome === "refused") {
        auditRefusal(authenticated, route, request.params, now);
        throw unauthenticated();
      }
      const { apiKey } = authenticated;
      const pageId = request.params.page ?? apiKey.pageId;
      // A key learns nothing about whether another page exists.
      if (pageId !== apiKey.pageId) {
        auditRefusal({ reason: "another page", keyId: apiKey.id }, route, request.params, now);
        throw notFound("page");
      }
      const lacking = [route.scope].flat().find((scope) => !apiKey.scopes.includes(scope));
      if (lacking !== undefined) {
        auditRefusal({ reason: "lacks a scope", keyId: apiKey.id, scope: lacking }, route, request.params, now);
        throw new HttpProblem(403, `This key lacks the scope ${lacking}`);
      }
      const page = await deps.status.getPage(pageId);
      if (page === null) throw notFound("page");
      const body = route.method === "GET" ? {} : parsedBody(request);
      const call: ManageCall = { request, page, apiKey, body, idRandom: deps.random, now };
      const reply = await audited(route, call, deps);
      return reply.body === undefined ? { status: reply.status } : json(reply.status, reply.body);
    },
  };
}

/**
 * Audits refusals too: that nobody has this address is knowledge about it. Audits faults too: something may have been
 * stored before one.
 */
async function audited(route: ManageRoute, call: ManageCall, deps: ManageDeps): Promise<ManageReply> {
  try {
    const reply = route.once ? await runOnce(route, call, deps) : await route.run(call);
    audit(route, call, reply, deps.log);
    return reply;
  } catch (error) {
    audit(route, call, { status: error instanceof HttpProblem ? error.status : 500 }, deps.log);
    throw error;
  }
}
