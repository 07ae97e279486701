import type { UpdateTexts } from "../compose/preview.ts";
import type { RenderSource } from "../compose/sources.ts";
import type { ApiKey, ApiScope } from "../core/api-key.ts";
import type { Clock, Random } from "../core/clock.ts";
import { idSchema } from "../core/ids.ts";
import type { Page } from "../core/page.ts";
import type { HttpRequest, HttpRoute } from "../lambda/http.ts";
import type { Logger } from "../lambda/logger.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { LetterQueue, RetryQueues } from "../providers/queues.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { KeyStore } from "../store/keys/key-store.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import type { ConfirmationDeps } from "../subscriptions/confirmation.ts";

export interface ManageDeps {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Pick<
    Ledger,
    | "getNotice"
    | "listChunks"
    | "getChunks"
    | "getSums"
    | "getDeliveries"
    | "listProblems"
    | "listSubscriberDeliveries"
    | "changeDelivery"
  >;
  /** Deliveries go there that an operator sends again. */
  resends: RetryQueues;
  access: AccessStore;
  keys: KeyStore;
  /** Whether mail has a sender; without one nobody can be subscribed by email, and updates wait. */
  hasMail: boolean;
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
  /** What all SMS of a UTC day may cost together, as in send-sms. */
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
  /** Makes the ids of what is created: the same ones on every run under an Idempotency-Key. Never for secrets. */
  idRandom: Random;
  now: number;
}

export interface ManageReply {
  status: number;
  /** Sent as JSON; nothing when absent. */
  body?: unknown;
  /** What to keep for a replay instead of a body that holds what must not be stored; see `replay`. */
  keep?: unknown;
  /** It was so already: nothing was stored. */
  unchanged?: true;
}

export interface ManageRoute {
  method: HttpRoute["method"];
  /** Under `/v1`. */
  path: string;
  /** The scopes that the key must have: all of these. */
  scope: ApiScope | readonly ApiScope[];
  /** Honours `Idempotency-Key`. */
  once?: true;
  run(call: ManageCall): Promise<ManageReply>;
  /** Makes the answer again from what was kept. */
  replay?(call: ManageCall, kept: unknown): Promise<ManageReply>;
}

export function notFound(what: string): HttpProblem {
  return new HttpProblem(404, `There is no such ${what}`);
}

/**
 * The id in the path that the route declares. Throws 404 for a text without the form of an id: the tables refuse long
 * keys.
 */
export function param(call: ManageCall, name: string): string {
  const value = call.request.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  if (!idSchema.safeParse(value).success) throw notFound(name);
  return value;
}
