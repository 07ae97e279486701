import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";

/**
 * The table is too busy, or somebody else's transaction holds the item. Nothing was done, and a later try may succeed.
 */
export class TableBusyError extends Error {
  override name = "TableBusyError";
}

/**
 * What may be over in a moment. `refused`: nothing was done. `unknown`: the write may have been done. Only a write that
 * knows its own mark, or that may happen twice, can run again.
 */
export type Busy = "refused" | "unknown";

/**
 * DynamoDB developer guide, "Error handling": the SDK throws these once it has used up its own tries (three, some 100
 * ms).
 */
const THROTTLES = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "Throttling",
  "RequestLimitExceeded",
  "LimitExceededException",
  "TransactionConflictException",
  "TransactionInProgressException",
  "ReplicatedWriteConflictException",
  "TableBusyError",
]);
const UNKNOWN = new Set([
  "InternalServerError",
  "InternalFailure",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "TimeoutError",
]);
const UNKNOWN_CODES = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED", "EAI_AGAIN", "ENOTFOUND"]);

/** API reference, TransactWriteItems: the SDK does not repeat a cancelled transaction, whatever its reasons are. */
const REASONS = new Set([
  "ThrottlingError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
  "TransactionConflict",
]);

/** Null: it is an answer, or an error that will stay. */
export function busyOf(error: unknown): Busy | null {
  if (error instanceof TransactionCanceledException) {
    const codes = (error.CancellationReasons ?? []).map(({ Code = "None" }) => Code).filter((code) => code !== "None");
    return codes.length > 0 && codes.every((code) => REASONS.has(code)) ? "refused" : null;
  }
  if (!(error instanceof Error)) return null;
  if (THROTTLES.has(error.name)) return "refused";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return UNKNOWN.has(error.name) || UNKNOWN_CODES.has(code) ? "unknown" : null;
}
