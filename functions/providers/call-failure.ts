import type { AttemptOutcome } from "../core/attempt.ts";

/** Failures before a request can have been written: the provider surely has nothing. */
const BEFORE_WRITING = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);
const THROTTLES = new Set(["Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"]);

export function isThrottled(error: unknown): error is Error {
  return error instanceof Error && THROTTLES.has(error.name);
}

/**
 * What a failed SDK call says of the one attempt it made. A 4xx answer is the provider's clear no; a 5xx, a timeout or
 * a reset comes after the request was written, and the provider may have taken it.
 */
export function callFailure(error: unknown): AttemptOutcome {
  if (!(error instanceof Error)) return { outcome: "unknown", reason: "unknown error" };
  const status = httpStatus(error);
  if (status !== null && status >= 400 && status < 500) {
    // Our own credentials are not the recipient's fault: an operator can mend them while the delivery waits.
    const ours = status === 403 || status === 401;
    return ours
      ? { outcome: "unavailable", reason: error.name, retryAfterMs: null }
      : { outcome: "rejected", reason: error.name };
  }
  if (status !== null) return { outcome: "unknown", reason: `${error.name} (${status})` };
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  if (BEFORE_WRITING.has(code) || error.name === "CredentialsProviderError") {
    return { outcome: "unavailable", reason: code, retryAfterMs: null };
  }
  return { outcome: "unknown", reason: code };
}

function httpStatus(error: Error): number | null {
  if (!("$metadata" in error) || typeof error.$metadata !== "object" || error.$metadata === null) return null;
  const metadata = error.$metadata;
  return "httpStatusCode" in metadata && typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}
