import { Resolver } from "node:dns/promises";
import { Agent, buildConnector, type Dispatcher, errors } from "undici";
import type { AttemptOutcome } from "../core/attempt.ts";
import { ForbiddenTarget, pinnedConnector } from "./pinned-connection.ts";

export interface WebhookPost {
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Https {
  /** The guarded POST. It checks every address, never follows a redirect, and is bounded in time and bytes. */
  post(request: WebhookPost): Promise<AttemptOutcome>;
}

/** What one attempt may take. */
export interface PostBounds {
  /** Name, TCP and TLS. */
  connectMs: number;
  /** From the call to the end of the answer's head. */
  wholeMs: number;
  /** For the answer's text after its head. The status has decided by then, so this is short. */
  bodyMs: number;
  /** Most bytes of the answer's head, and of its text. */
  responseBytes: number;
  /** To how many hosts connections are kept: a Lambda has 1,024 file descriptors. */
  origins: number;
}

export const POST_BOUNDS: PostBounds = {
  connectMs: 5_000,
  wholeMs: 15_000,
  bodyMs: 1_000,
  responseBytes: 16 * 1024,
  origins: 400,
};

const KEEP_ALIVE_MS = 30_000;
const RESOLVE_MS = 3_000;
/** How much of an answer's text is kept: enough for an echoed challenge with something around it. */
const HEAD_BYTES = 1_000;
const PORTS = new Set(["", "443", "8443"]);

/** `public`: https on 443 or 8443 to global unicast addresses only. `any` (never in production) lifts both rules. */
export type WebhookTargets = "public" | "any";

/** How connections are made under `bounds`: as in production, unless a test brings its own way. */
export type Connector = (targets: WebhookTargets, bounds: PostBounds) => buildConnector.connector;

export function guardedHttps(
  targets: WebhookTargets,
  bounds: PostBounds = POST_BOUNDS,
  connector: Connector = networkConnector,
): Https {
  // Connections and TLS sessions are kept, because a fresh handshake costs 1.3 ms of CPU.
  const connect = connector(targets, bounds);
  let agent = newAgent(connect, bounds);
  let origins = new Set<string>();
  /** An agent that holds connections to too many hosts ends with what it has in flight, and another follows. */
  const agentFor = (origin: string): Agent => {
    if (origins.size >= bounds.origins && !origins.has(origin)) {
      void agent.close();
      agent = newAgent(connect, bounds);
      origins = new Set();
    }
    origins.add(origin);
    return agent;
  };
  return {
    async post({ endpoint, headers, body }) {
      let url: URL;
      const at = Date.now();
      try {
        url = vetUrl(endpoint, targets);
      } catch (error) {
        return { ...neverSent(error), exchange: { at, ms: 0, status: null, head: "" } };
      }
      return new Promise((resolve) => {
        const attempt = oneAttempt(bounds, at, resolve);
        try {
          agentFor(url.origin).dispatch(
            {
              origin: url.origin,
              path: `${url.pathname}${url.search}`,
              method: "POST",
              headers: { "content-type": "application/json", ...headers },
              body,
            },
            attempt,
          );
        } catch (error) {
          // undici refuses some requests before it begins them, for example one with a broken header.
          attempt.onResponseError(null, error);
        }
      });
    },
  };
}

function newAgent(connect: buildConnector.connector, bounds: PostBounds): Agent {
  return new Agent({
    connect,
    // One protocol, whose bounds are tested. And a connection that must be given up takes no other request with it.
    allowH2: false,
    // Only our own clock counts.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // An endpoint may ask for less, not for more.
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: bounds.responseBytes,
  });
}

function networkConnector(targets: WebhookTargets, { connectMs }: PostBounds): buildConnector.connector {
  const options = { timeout: connectMs, autoSelectFamily: true, allowH2: false };
  if (targets === "any") return buildConnector(options);
  const resolver = new Resolver({ timeout: RESOLVE_MS, tries: 1 });
  return pinnedConnector(resolver, (lookup) => buildConnector({ ...options, lookup }));
}

function vetUrl(endpoint: string, targets: WebhookTargets): URL {
  if (!URL.canParse(endpoint)) throw new ForbiddenTarget("the endpoint is not an address");
  const url = new URL(endpoint);
  if (targets === "any") return url;
  if (url.protocol !== "https:") throw new ForbiddenTarget("only https endpoints are called");
  if (!PORTS.has(url.port)) throw new ForbiddenTarget("only ports 443 and 8443 are called");
  if (url.username !== "" || url.password !== "") throw new ForbiddenTarget("user info in the endpoint");
  return url;
}

const CONNECT_TIMEOUT: AttemptOutcome = { outcome: "unavailable", reason: "connect timeout", retryAfterMs: null };

/** Follows one request through undici and settles once, as soon as its outcome is known. */
function oneAttempt(bounds: PostBounds, at: number, settle: (outcome: AttemptOutcome) => void) {
  // Once undici has started the request, bytes of it may have reached the endpoint.
  let controller: Dispatcher.DispatchController | null = null;
  let answer: AttemptOutcome | null = null;
  let status: number | null = null;
  let head = Buffer.alloc(0);
  let bytes = 0;
  let over = false;
  let timer = setTimeout(expire, bounds.wholeMs);

  function end(outcome: AttemptOutcome): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    settle({ ...outcome, exchange: { at, ms: Date.now() - at, status, head: readable(head) } });
  }
  /** Ends the attempt and its connection. An answer that is not read to its end leaves the connection useless. */
  function giveUp(outcome: AttemptOutcome): void {
    end(outcome);
    controller?.abort(new Error("given up"));
  }
  function expire(): void {
    giveUp(answer ?? (controller === null ? CONNECT_TIMEOUT : { outcome: "unknown", reason: "timeout" }));
  }

  return {
    onRequestStart(started: Dispatcher.DispatchController) {
      controller = started;
      if (over) started.abort(new Error("given up"));
    },
    onResponseStart(_: Dispatcher.DispatchController, code: number, headers: Record<string, unknown>) {
      if (code < 200 || over) return;
      status = code;
      answer = answered(code, headers["retry-after"], Date.now());
      clearTimeout(timer);
      timer = setTimeout(expire, bounds.bodyMs);
    },
    onResponseData(_: Dispatcher.DispatchController, chunk: Buffer) {
      // Bytes count as they come over the wire, and are never decompressed. The beginning of the text is kept for
      // debugging.
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      bytes += chunk.length;
      if (bytes > bounds.responseBytes && answer !== null) giveUp(answer);
    },
    onResponseEnd() {
      if (answer !== null) end(answer);
    },
    onResponseError(_: Dispatcher.DispatchController | null, error: unknown) {
      end(answer ?? (controller === null ? neverSent(error) : { outcome: "unknown", reason: codeOf(error) }));
    },
  };
}

/**
 * What a person can read of the answer, on one line. It is UTF-8, whose last character may be cut off, or bytes of an
 * older charset.
 */
function readable(head: Buffer): string {
  return decoded(head)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
}

function decoded(head: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(head);
  }
}

function answered(status: number, retryAfter: unknown, now: number): AttemptOutcome {
  if (status >= 200 && status < 300) return { outcome: "accepted", providerId: null };
  if (status === 410) return { outcome: "gone", reason: "http 410" };
  const tellsWhen = status === 429 || status === 503;
  const retryAfterMs = tellsWhen && typeof retryAfter === "string" ? parseRetryAfter(retryAfter, now) : null;
  return { outcome: "unavailable", reason: `http ${status}`, retryAfterMs };
}

/** RFC 9110 10.2.3: seconds or an HTTP date. */
export function parseRetryAfter(value: string, now: number): number | null {
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** No byte of the request was written: surely not accepted. */
function neverSent(error: unknown): AttemptOutcome {
  if (error instanceof AggregateError) return neverSent(error.errors[0]);
  if (error instanceof errors.ConnectTimeoutError) return CONNECT_TIMEOUT;
  const reason = error instanceof ForbiddenTarget ? error.message : codeOf(error);
  return { outcome: "unavailable", reason, retryAfterMs: null };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "error";
}
