/** How long a claim holds. Function timeout 60 s < lease < queue visibility 70 s: an invocation never outlives its lease. */
export const LEASE_MS = 65_000;
