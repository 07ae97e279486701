/**
 * Milliseconds for a call that sends something. The SDK's default has no end: a call that hangs would last until the
 * function is ended, and put its whole window in doubt.
 */
export const BOUNDED = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true };
