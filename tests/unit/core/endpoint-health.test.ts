import { describe, expect, it } from "vitest";
import { admission, healthAfter } from "../../../functions/core/endpoint-health.ts";
import type { EndpointHealth } from "../../../functions/core/subscriber.ts";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const FAILED = { outcome: "unavailable", reason: "http 500", retryAfterMs: null } as const;
const OLD = { committedAt: NOW - 60 * MINUTE };
const failing = (changes: Partial<EndpointHealth> = {}): EndpointHealth => ({
  version: 3,
  failures: 3,
  since: NOW - 30 * MINUTE,
  failedAt: NOW - MINUTE,
  nextAttemptAt: NOW + 29 * MINUTE,
  probeUntil: null,
  ...changes,
});

describe("admission to an endpoint", () => {
  it("lets everything through to one that is well, or failed once", () => {
    expect(admission(undefined, OLD, NOW)).toEqual({ outcome: "go", claimed: null });
    const once = failing({ failures: 1 });
    expect(admission(once, OLD, NOW)).toEqual({ outcome: "go", claimed: once });
  });

  it("holds what comes before its next attempt, and what began after the failures a little longer", () => {
    expect(admission(failing(), OLD, NOW)).toEqual({ outcome: "held", until: NOW + 29 * MINUTE });
    expect(admission(failing(), { committedAt: NOW }, NOW)).toEqual({
      outcome: "held",
      until: NOW + 29 * MINUTE + 15_000,
    });
  });

  it("lets one try when the time has come, and holds the others until its outcome is known", () => {
    const due = failing({ nextAttemptAt: NOW });
    const claim = { ...due, version: 4, probeUntil: NOW + 20_000 };
    expect(admission(due, OLD, NOW)).toEqual({ outcome: "claim", claim });
    expect(admission(claim, OLD, NOW + 1)).toEqual({ outcome: "held", until: NOW + 20_000 });
    // Whoever claimed it died.
    expect(admission(claim, OLD, NOW + 20_000)).toMatchObject({ outcome: "claim" });
  });

  it("opens once for what was sent again since the last failure", () => {
    const resent = { ...OLD, resent: { at: NOW, from: "failed", by: "integrator" } } as const;
    expect(admission(failing(), resent, NOW)).toMatchObject({ outcome: "claim" });
    expect(admission(failing({ failedAt: NOW }), resent, NOW)).toMatchObject({ outcome: "held" });
  });
});

describe("an endpoint's health after an attempt", () => {
  it("is forgotten with the first acceptance", () => {
    const accepted = { outcome: "accepted", providerId: null } as const;
    expect(healthAfter(failing(), accepted, NOW)).toBeNull();
    expect(healthAfter(null, accepted, NOW)).toBeUndefined();
  });

  it("grows worse with each failure, with intervals of at most half an hour", () => {
    let health: EndpointHealth | null = null;
    const gates: number[] = [];
    for (let failures = 1; failures <= 5; failures += 1) {
      const next = healthAfter(health, FAILED, NOW);
      if (next == null) throw new Error("no health");
      expect(next).toMatchObject({ failures, version: failures, since: NOW, failedAt: NOW, probeUntil: null });
      gates.push((next.nextAttemptAt - NOW) / MINUTE);
      health = next;
    }
    expect(gates).toEqual([4, 4, 24, 24, 24]);
  });

  it("is untouched by what says nothing of it", () => {
    expect(healthAfter(null, { outcome: "gone", reason: "http 410" }, NOW)).toBeUndefined();
  });
});
