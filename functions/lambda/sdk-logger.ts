/**
 * For every SDK client. Without a logger each call walks its schema to describe itself (a fifth of a planner's CPU).
 * The SDK skips that if `info` is missing, but a bare `{}` breaks its credential chain.
 */
export const sdkLogger: Record<"debug" | "info" | "warn" | "error", (...content: unknown[]) => void> = Object.assign(
  Object.create(null),
  { debug() {}, warn() {}, error() {} },
);
