import * as z from "zod/mini";
import type { AttemptOutcome } from "../core/attempt.ts";
import { type Parties, type Provider, type Refusal, RULES } from "./refusal-rules.ts";

const NOBODY: Parties = { from: "", to: "" };

/**
 * Providers' texts are shorter. The rules' expressions look for words at any distance, and take long if there are very
 * many.
 */
const LONGEST_MESSAGE = 2_000;

/** Failures before a request can have been written: surely the provider has nothing. */
const BEFORE_WRITING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "EMFILE",
]);
/** These calls failed before anything was written, whatever the code is (a reset, a time-out). */
const BEFORE_WRITING_CALLS = new Set(["connect", "getaddrinfo"]);
/**
 * Node.js, "X509 certificate error codes" (tls) and ERR_TLS_CERT_ALTNAME_INVALID (errors). The other end has not shown
 * that it is the provider, so the provider has nothing.
 */
const CERTIFICATE =
  /^(CERT_.+|CRL_.+|UNABLE_TO_.+|ERROR_IN_.+|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/**
 * @smithy/node-http-handler's connection time-out (its request time-out has another text, and comes after the writing),
 * and Node's and OpenSSL's words for a handshake that failed. A wrong version number counts only in the first record
 * (OpenSSL's tlsany_meth.c): later, as `tls_default_validate_record_header`, it may come after the writing.
 */
const NO_CONNECTION =
  /did not establish a connection|without establishing a connection|before secure TLS connection was established|SSL routines:tls_validate_record_header:wrong version number|SSL routines:.*(unsupported protocol|handshake failure|alert protocol version|no shared cipher)/i;

/**
 * The one place that classifies a failed call to SES or SNS. A 4xx is the provider's clear no. A 5xx, a time-out
 * or a reset comes after the request was written. An answer that no rule knows is nobody's fault until somebody looks.
 */
export function refusalOf(provider: Provider, error: unknown, parties: Parties = NOBODY): Refusal {
  if (!(error instanceof Error)) return { whose: "nobody knows", reason: "unknown error" };
  const status = httpStatus(error);
  const code = codeOf(error);
  const refused = isClearNo(error, status);
  const message = error.message.slice(0, LONGEST_MESSAGE);
  for (const rule of RULES[provider]) {
    if (rule.code !== undefined && !rule.code.test(code)) continue;
    // A code counts with any status (a throttle may be a 503). A text counts only in a clear no.
    if (rule.text !== undefined && !(refused && rule.text.test(withoutParties(message, parties)))) continue;
    return rule.verdict({ message, code, parties });
  }
  if (status === 429) return { whose: "throttle" };
  if (status === 401 || status === 403) return { whose: "sender", problem: "not permitted", reach: "everybody" };
  if (refused) return { whose: "unclear", reason: code };
  if (status !== null) return { whose: "nobody knows", reason: `${error.name} (${status})` };
  if (isBeforeWriting(error)) return { whose: "sender", problem: "provider cannot be reached", reach: "everybody" };
  return { whose: "nobody knows", reason: textIn(error, "code") ?? error.name };
}

function isBeforeWriting(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A host may have several addresses: each was tried, and the code is that of the first.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isBeforeWriting);
  const code = textIn(error, "code") ?? error.name;
  return (
    BEFORE_WRITING.has(code) ||
    CERTIFICATE.test(code) ||
    BEFORE_WRITING_CALLS.has(textIn(error, "syscall") ?? "") ||
    NO_CONNECTION.test(error.message)
  );
}

/** Node's own errors have these fields. */
const systemErrorSchema = z.object({ code: z.optional(z.string()), syscall: z.optional(z.string()) });

function textIn(error: Error, field: "code" | "syscall"): string | null {
  const read = systemErrorSchema.safeParse(error);
  return read.success ? (read.data[field] ?? null) : null;
}

/** The outcome of an attempt whose call to SES or SNS failed. */
export function outcomeOf(refusal: Refusal): AttemptOutcome {
  switch (refusal.whose) {
    case "recipient":
      return { outcome: "rejected", reason: refusal.reason };
    case "opted out":
      return { outcome: "gone", reason: "opted out" };
    case "sender":
      return { outcome: "sender problem", reason: refusal.problem, reach: refusal.reach };
    case "throttle":
      return { outcome: "throttled" };
    case "quota":
      return { outcome: "quota exhausted" };
    case "unclear":
      return { outcome: "refused", reason: refusal.reason };
    case "nobody knows":
      return { outcome: "unknown", reason: refusal.reason };
  }
}

/** The SDK names an error after its class, or after the code if it has no class for it. Both lose their ending here. */
function codeOf({ name }: Error): string {
  return name.replace(/^.*[#.]/, "").replace(/(?<!^)(?:Exception|Fault)$/, "");
}

/** An address that somebody chose must not look like what the rules search for. */
function withoutParties(message: string, { from, to }: Parties): string {
  return [to, from].reduce(
    (text, address) => (address === "" ? text : text.replace(anyCase(address), "<address>")),
    message,
  );
}

function anyCase(address: string): RegExp {
  return new RegExp(address.replace(/\W/g, "\\$&"), "gi");
}

function isClearNo(error: Error, status: number | null): boolean {
  if (status !== null) return status >= 400 && status < 500;
  return "$fault" in error && error.$fault === "client";
}

function httpStatus(error: Error): number | null {
  if (!("$metadata" in error) || typeof error.$metadata !== "object" || error.$metadata === null) return null;
  const metadata = error.$metadata;
  return "httpStatusCode" in metadata && typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}
