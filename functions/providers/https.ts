import { Resolver } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { Agent, errors, request } from "undici";
import type { AttemptOutcome } from "../core/attempt.ts";
import { isGlobalUnicast } from "./global-unicast.ts";

export interface WebhookPost {
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Https {
  /** The guarded POST: vets every address, never follows a redirect, is bounded in time and bytes. */
  post(request: WebhookPost): Promise<AttemptOutcome>;
}

const CONNECT_MS = 5_000;
const WHOLE_MS = 15_000;
const RESOLVE_MS = 3_000;
const RESPONSE_BYTES = 16 * 1024;
const PORTS = new Set(["", "443", "8443"]);

/** `public`: https on 443 or 8443 to global unicast addresses only. `any` (never in production) lifts both rules. */
export type WebhookTargets = "public" | "any";

/** The request never left: a rule of ours forbids the target. */
class ForbiddenTarget extends Error {
  override name = "ForbiddenTarget";
}

export function guardedHttps(targets: WebhookTargets): Https {
  // Connections and TLS sessions are kept: a fresh handshake costs 1.3 ms of CPU.
  const agent = new Agent({
    connect: {
      timeout: CONNECT_MS,
      autoSelectFamily: true,
      ...(targets === "public" ? { lookup: vettedLookup(new Resolver({ timeout: RESOLVE_MS, tries: 1 })) } : {}),
    },
    headersTimeout: WHOLE_MS,
    bodyTimeout: WHOLE_MS,
    keepAliveTimeout: 30_000,
    maxHeaderSize: RESPONSE_BYTES,
  });
  return {
    async post({ endpoint, headers, body }) {
      try {
        const url = vetUrl(endpoint, targets);
        const answer = await request(url, {
          method: "POST",
          dispatcher: agent,
          headers: { "content-type": "application/json", ...headers },
          body,
          signal: AbortSignal.timeout(WHOLE_MS),
        });
        await drain(answer.body);
        return answered(answer.statusCode, answer.headers["retry-after"], Date.now());
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function vetUrl(endpoint: string, targets: WebhookTargets): URL {
  const url = new URL(endpoint);
  if (targets === "any") return url;
  if (url.protocol !== "https:") throw new ForbiddenTarget("only https endpoints are called");
  if (!PORTS.has(url.port)) throw new ForbiddenTarget("only ports 443 and 8443 are called");
  if (url.username !== "" || url.password !== "") throw new ForbiddenTarget("user info in the endpoint");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // A literal never passes through the lookup, so it is checked here.
  if (/^[\d.]+$|:/.test(host) && !isGlobalUnicast(host)) throw new ForbiddenTarget("the address is not public");
  return url;
}

/**
 * Resolves by `dns.Resolver` (`dns.lookup` has four threads: one hostile name server stalls all), refuses a name if any
 * of its answers is not global unicast, and hands the checked addresses to the connection itself: there is no second look-up.
 */
function vettedLookup(resolver: Resolver): LookupFunction {
  return (hostname, options, callback) => {
    void resolveAll(resolver, hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new ForbiddenTarget(`${hostname} has no address`), "", 0);
        if (addresses.some(({ address }) => !isGlobalUnicast(address))) {
          return callback(new ForbiddenTarget(`${hostname} has an address that is not public`), "", 0);
        }
        return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, "", 0),
    );
  };
}

async function resolveAll(resolver: Resolver, hostname: string): Promise<{ address: string; family: 4 | 6 }[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const found = [
    ...(v4.status === "fulfilled" ? v4.value.map((address) => ({ address, family: 4 as const })) : []),
    ...(v6.status === "fulfilled" ? v6.value.map((address) => ({ address, family: 6 as const })) : []),
  ];
  if (found.length === 0 && v4.status === "rejected") throw v4.reason;
  return found;
}

/** Reads what is needed to keep the connection, and no more; the answer's text is not ours to keep. */
async function drain(body: { dump(options: { limit: number }): Promise<void> }): Promise<void> {
  // The status line has decided already, whatever becomes of the rest.
  await body.dump({ limit: RESPONSE_BYTES }).catch(() => {});
}

function answered(status: number, retryAfter: string | string[] | undefined, now: number): AttemptOutcome {
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

const BEFORE_WRITING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "ENODATA",
  "ESERVFAIL",
  "ETIMEOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "EPROTO",
]);

function failed(error: unknown): AttemptOutcome {
  if (error instanceof ForbiddenTarget) return { outcome: "unavailable", reason: error.message, retryAfterMs: null };
  if (error instanceof errors.ConnectTimeoutError) {
    return { outcome: "unavailable", reason: "connect timeout", retryAfterMs: null };
  }
  if (error instanceof Error && error.name === "TimeoutError") return { outcome: "unknown", reason: "timeout" };
  if (error instanceof AggregateError) return failed(error.errors[0]);
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "error";
  return BEFORE_WRITING.has(code)
    ? { outcome: "unavailable", reason: code, retryAfterMs: null }
    : { outcome: "unknown", reason: code };
}
