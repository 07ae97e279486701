import type { UpdateTexts } from "../compose/preview.ts";
import type { RenderSource } from "../compose/sources.ts";
import type { ApiKey, ApiScope } from "../core/api-key.ts";
import type { Clock, Random } from "../core/clock.ts";
import { idSchema } from "../core/ids.ts";
import type { Page } from "../core/page.ts";
import { type HttpRequest, type HttpRoute, json, parsedBody } from "../lambda/http.ts";
import type { Logger } from "../lambda/logger.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { LetterQueue, RetryQueues } from "../providers/queues.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { KeyStore } from "../store/keys/key-store.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import type { ConfirmationDeps } from "../subscriptions/confirmation.ts";
import { audit, type RefusalAudit } from "./audit.ts";
import { authenticate, unauthenticated } from "./authenticate.ts";
import { runOnce } from "./run-once.ts";

export interface ManageDeps {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Pick<
    Ledger,
    "getNotice" | "listChunks" | "getDeliveries" | "listProblems" | "listSubscriberDeliveries" | "changeDelivery"
  >;
  /** Where deliveries go that an operator has sent again. */
  resends: RetryQueues;
  access: AccessStore;
  keys: KeyStore;
  letters: LetterQueue;
  renderConfirmation: ConfirmationDeps["renderConfirmation"];
  /** The texts of an update that is not posted (yet). */
  previewTexts: (source: RenderSource) => Promise<UpdateTexts>;
  clock: Clock;
  random: Random;
  /** Waits that many milliseconds. */
  sleep: (ms: number) => Promise<void>;
  /** Uniform in [0, 1). */
  jitter: () => number;
  /** No trailing slash. */
  pageUrl: string;
  /** ISO codes of the countries that SMS may go to. */
  smsCountries: ReadonlySet<string>;
  /** SNS refuses an SMS that would cost more. */
  smsMaxPriceUsd: number;
  /** What all SMS of a UTC day may cost together, as send-sms has it. */
  smsDailyCeilingUsd: number;
  webhookTargets: "public" | "any";
  log: Logger;
}

/** An authenticated request, for a page that exists and that its key is for. */
export interface ManageCall {
  request: HttpRequest;
  page: Page;
  apiKey: ApiKey;
  /** Parsed; an empty map without one. */
  body: unknown;
  /** For the ids of what is created: under an Idempotency-Key the same on every run. Never for secrets. */
  idRandom: Random;
  now: number;
}

export interface ManageReply {
  status: number;
  /** Told as JSON; nothing when absent. */
  body?: unknown;
  /** What to keep for a replay instead of the body, where that holds what must not be stored; see `replay`. */
  keep?: unknown;
  /** It was so already: nothing was stored. */
  unchanged?: true;
}

export interface ManageRoute {
  method: HttpRoute["method"];
  /** Under `/v1`. */
  path: string;
  /** What the key must be allowed: all of these. */
  scope: ApiScope | readonly ApiScope[];
  /** Honours `Idempotency-Key`. */
  once?: true;
  run(call: ManageCall): Promise<ManageReply>;
  /** Makes the answer anew from what was kept. */
  replay?(call: ManageCall, kept: unknown): Promise<ManageReply>;
}

/** Authentication, page, scope, body, idempotency and the audit trail around what a route does. */
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
      // Whether another page exists is nobody's business.
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

/** A refusal is told too, for that nobody has this address is something to know about it; so is a fault, before which something may have been stored. */
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

export function notFound(what: string): HttpProblem {
  return new HttpProblem(404, `There is no such ${what}`);
}

/** The id in the path that the route declares. Throws 404 for what has not the form of one: the tables refuse long keys. */
export function param(call: ManageCall, name: string): string {
  const value = call.request.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  if (!idSchema.safeParse(value).success) throw notFound(name);
  return value;
}
