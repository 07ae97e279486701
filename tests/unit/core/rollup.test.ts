import { describe, expect, it } from "vitest";
import type { ComponentStatus } from "../../../functions/core/component.ts";
import type { Impact } from "../../../functions/core/incident.ts";
import { headlineOf, impactOf, impactRank, pageStatus, worstImpact } from "../../../functions/core/rollup.ts";

const of = (...statuses: ComponentStatus[]) => statuses.map((status) => ({ status }));

describe("pageStatus", () => {
  it.each([
    { components: of("operational", "operational"), indicator: "none", description: "All Systems Operational" },
    {
      components: of("operational", "under_maintenance"),
      indicator: "maintenance",
      description: "Service Under Maintenance",
    },
    {
      components: of("under_maintenance", "degraded_performance", "operational"),
      indicator: "minor",
      description: "Partially Degraded Service",
    },
    {
      components: of("degraded_performance", "degraded_performance"),
      indicator: "minor",
      description: "Partially Degraded Service",
    },
    {
      components: of("degraded_performance", "partial_outage"),
      indicator: "minor",
      description: "Minor Service Outage",
    },
    { components: of("partial_outage", "partial_outage"), indicator: "minor", description: "Minor Service Outage" },
    { components: of("operational", "major_outage"), indicator: "major", description: "Partial System Outage" },
    { components: of("partial_outage", "major_outage"), indicator: "major", description: "Partial System Outage" },
    { components: of("major_outage", "major_outage"), indicator: "critical", description: "Major System Outage" },
    { components: of("major_outage"), indicator: "critical", description: "Major System Outage" },
    { components: of("partial_outage"), indicator: "minor", description: "Partial System Outage" },
    { components: of("degraded_performance"), indicator: "minor", description: "Partially Degraded Service" },
    { components: of("under_maintenance"), indicator: "maintenance", description: "Service Under Maintenance" },
  ])("$components is $indicator: $description", ({ components, indicator, description }) => {
    expect(pageStatus(components, [])).toEqual({ indicator, description });
  });

  it("does not ask incidents where there are components", () => {
    expect(pageStatus(of("operational"), ["critical"])).toEqual({
      indicator: "none",
      description: "All Systems Operational",
    });
  });

  it.each([
    { open: [], indicator: "none", description: "All Systems Operational" },
    { open: ["none"], indicator: "none", description: "All Systems Operational" },
    { open: ["maintenance", "none"], indicator: "maintenance", description: "Service Under Maintenance" },
    { open: ["minor", "maintenance"], indicator: "minor", description: "Minor Service Outage" },
    { open: ["minor", "major"], indicator: "major", description: "Partial System Outage" },
    { open: ["critical"], indicator: "critical", description: "Major System Outage" },
  ] satisfies { open: Impact[]; indicator: string; description: string }[])(
    "goes by the open incidents ($open) on a page without components",
    ({ open, indicator, description }) => {
      expect(pageStatus([], open)).toEqual({ indicator, description });
    },
  );
});

describe("impactOf", () => {
  const all = [{ id: "a" }, { id: "b" }, { id: "c" }];

  it.each([
    { affected: {}, impact: "none" },
    { affected: { a: "operational" }, impact: "none" },
    { affected: { a: "under_maintenance" }, impact: "maintenance" },
    { affected: { a: "degraded_performance" }, impact: "minor" },
    { affected: { a: "partial_outage", b: "partial_outage" }, impact: "minor" },
    { affected: { a: "major_outage" }, impact: "major" },
    { affected: { a: "major_outage", b: "major_outage", c: "major_outage" }, impact: "critical" },
    { affected: { gone: "major_outage" }, impact: "none" },
  ] satisfies { affected: Record<string, ComponentStatus>; impact: Impact }[])(
    "of $affected is $impact",
    ({ affected, impact }) => {
      expect(impactOf(all, affected)).toBe(impact);
    },
  );

  it("is none on a page without components", () => {
    expect(impactOf([], { a: "major_outage" })).toBe("none");
  });
});

describe("headlineOf", () => {
  const calm = pageStatus([{ status: "operational" }], []);

  it("says that all is well only while nothing is open", () => {
    expect(headlineOf(calm, [])).toEqual({ kind: "components", status: calm });
    for (const impact of ["none", "minor", "major", "critical"] as const) {
      expect(headlineOf(calm, [impact])).toEqual({ kind: "incidents", impact });
    }
    expect(headlineOf(calm, ["none", "critical", "minor"])).toEqual({ kind: "incidents", impact: "critical" });
  });

  it("keeps the components' words unless what is open is worse", () => {
    const partial = pageStatus([{ status: "major_outage" }, { status: "operational" }], []);
    for (const impact of ["none", "minor", "major"] as const) {
      expect(headlineOf(partial, [impact])).toEqual({ kind: "components", status: partial });
    }
    expect(headlineOf(partial, ["critical"])).toEqual({ kind: "incidents", impact: "critical" });
  });

  it("takes a maintenance that has begun for one", () => {
    const underMaintenance = pageStatus([{ status: "under_maintenance" }], []);
    expect(headlineOf(calm, ["maintenance"])).toEqual({ kind: "components", status: underMaintenance });
    const degraded = pageStatus([{ status: "degraded_performance" }], []);
    expect(headlineOf(degraded, ["maintenance"])).toEqual({ kind: "components", status: degraded });
  });
});

describe("worstImpact", () => {
  it("ranks maintenance below every outage", () => {
    const ranked = ["none", "maintenance", "minor", "major", "critical"] as const;
    expect(ranked.map(impactRank)).toEqual([0, 1, 2, 3, 4]);
    expect(worstImpact(["minor", "maintenance", "major", "none"])).toBe("major");
    expect(worstImpact([])).toBe("none");
  });
});
