import { describe, expect, it } from "vitest";
import type { Catalog, Component } from "../../../functions/core/component.ts";
import type { Incident, UpdateStatus } from "../../../functions/core/incident.ts";
import {
  type IncidentCommit,
  type IncidentInput,
  openIncident,
  type PostingOutcome,
  postUpdate,
  type UpdateInput,
} from "../../../functions/core/posting.ts";

const NOW = 1_751_882_700_000;
const MINUTE = 60_000;
const [API, MAIL, LOGIN] = ["component001", "component002", "component003"] as const;

const component = (id: string, position: number): Component => ({
  id,
  name: id,
  description: null,
  status: "operational",
  position,
  groupId: null,
  showcase: true,
  onlyShowIfDegraded: false,
  startDate: null,
  createdAt: 0,
  updatedAt: 0,
});
const CATALOG: Catalog = {
  version: 7,
  components: [component(API, 1), component(MAIL, 2), component(LOGIN, 3)],
  groups: [],
};

const said = (status: UpdateStatus, changes: Partial<UpdateInput> = {}): UpdateInput => ({
  updateId: "update000001",
  status,
  body: "We are looking into it.",
  components: {},
  deliverNotifications: true,
  displayAt: null,
  ...changes,
});
const opened = (changes: Partial<IncidentInput> = {}, catalog = CATALOG, now = NOW) =>
  ready(
    openIncident(
      {
        ...said("investigating"),
        status: "investigating",
        pageId: "page00000001",
        incidentId: "incident0001",
        name: "API is slow",
        impactOverride: null,
        schedule: null,
        backfilled: false,
        metadata: {},
        ...changes,
      },
      catalog,
      now,
    ),
  );

function ready(outcome: PostingOutcome): IncidentCommit {
  if (outcome.outcome !== "ready") throw new Error(outcome.outcome);
  return outcome.commit;
}

/** Posts one update after the other, a minute apart, each on what the one before left behind. */
function posted(first: IncidentCommit, ...inputs: UpdateInput[]): IncidentCommit {
  let catalog = first.catalog ?? CATALOG;
  return inputs.reduce((commit, input, index) => {
    const next = ready(postUpdate(commit.incident, input, catalog, NOW + (index + 1) * MINUTE));
    catalog = next.catalog ?? catalog;
    return next;
  }, first);
}

describe("openIncident", () => {
  it("writes update, header, catalog, change and notice together", () => {
    const commit = opened({ components: { [API]: "major_outage" } });
    expect(commit.expectedVersion).toBeNull();
    expect(commit.incident).toMatchObject({ version: 1, seq: 1, status: "investigating", impact: "major" });
    expect(commit.update).toMatchObject({
      seq: 1,
      opens: true,
      createdAt: NOW,
      displayAt: NOW,
      impactSoFar: "major",
      componentIdsSoFar: [API],
      affectedComponents: [{ id: API, name: API, oldStatus: "operational", newStatus: "major_outage" }],
    });
    // The version of the catalog is the condition of storing it.
    expect(commit.catalog?.version).toBe(7);
    expect(commit.catalog?.components.map(({ status }) => status)).toEqual([
      "major_outage",
      "operational",
      "operational",
    ]);
    expect(commit.change).toMatchObject({ at: NOW, incidentId: "incident0001" });
    expect(commit.notice).toMatchObject({
      state: "unplanned",
      updateId: "update000001",
      seq: 1,
      committedAt: NOW,
      plan: null,
    });
  });

  it("refuses components that the page does not have, and names them", () => {
    const outcome = postUpdate(
      opened().incident,
      said("identified", { components: { [API]: "operational", component999: "major_outage" } }),
      CATALOG,
      NOW,
    );
    expect(outcome).toEqual({ outcome: "unknown components", ids: ["component999"] });
  });

  it("touches neither catalog nor history where no status changes", () => {
    const without = opened();
    expect(without).toMatchObject({ catalog: null, change: null });
    expect(without.update?.affectedComponents).toBeNull();
    const same = opened({ components: { [API]: "operational" } });
    expect(same).toMatchObject({ catalog: null, change: null });
    expect(same.update?.affectedComponents).toHaveLength(1);
    expect(same.update?.componentIdsSoFar).toEqual([API]);
  });

  it("begins when it is said to have begun", () => {
    const commit = opened({ displayAt: NOW - 5 * MINUTE });
    expect(commit.incident).toMatchObject({ startedAt: NOW - 5 * MINUTE, createdAt: NOW });
    expect(commit.update).toMatchObject({ displayAt: NOW - 5 * MINUTE, createdAt: NOW });
  });

  it("writes no notice for a silent update", () => {
    const commit = opened({ deliverNotifications: false });
    expect(commit.notice).toBeNull();
    expect(commit.update?.deliverNotifications).toBe(false);
  });

  it("lets a backfilled incident change no component and notify nobody", () => {
    const commit = opened({ backfilled: true, components: { [API]: "major_outage" }, deliverNotifications: true });
    expect(commit).toMatchObject({ catalog: null, change: null, notice: null });
    expect(commit.incident).toMatchObject({ backfilled: true, affected: {}, impact: "none" });
    expect(commit.update).toMatchObject({ affectedComponents: null, deliverNotifications: false });
    const later = ready(
      postUpdate(commit.incident, said("resolved", { components: { [API]: "major_outage" } }), CATALOG, NOW),
    );
    expect(later).toMatchObject({ catalog: null, change: null, notice: null });
  });
});

describe("postUpdate", () => {
  it("numbers updates and versions, and names the version it was made from", () => {
    const commit = posted(opened(), said("identified"), said("identified"));
    expect(commit.incident).toMatchObject({ seq: 3, version: 3, updatedAt: NOW + 2 * MINUTE });
    expect(commit.expectedVersion).toBe(2);
    expect(commit.update).toMatchObject({ seq: 3, opens: false, status: "identified" });
    expect(commit.notice?.seq).toBe(3);
  });

  it("lets the audience only grow: components and impact so far", () => {
    const commit = posted(
      opened({ components: { [MAIL]: "major_outage" } }),
      said("identified", { components: { [API]: "degraded_performance", [MAIL]: "operational" } }),
    );
    expect(commit.incident).toMatchObject({ impact: "minor", highestImpact: "major" });
    expect(commit.update).toMatchObject({ componentIdsSoFar: [API, MAIL], impactSoFar: "major" });
  });

  it("keeps its impact when its components recover, and when it is resolved", () => {
    const broken = opened({ components: { [API]: "major_outage" } });
    const recovered = said("monitoring", { components: { [API]: "operational" } });
    expect(posted(broken, recovered).incident.impact).toBe("major");
    expect(posted(broken, said("resolved", { components: { [API]: "operational" } })).incident.impact).toBe("major");
    expect(posted(broken, recovered, said("resolved"), said("postmortem")).incident.impact).toBe("major");
  });

  it("is critical when every component is down", () => {
    const all = { [API]: "major_outage", [MAIL]: "major_outage", [LOGIN]: "major_outage" } as const;
    expect(opened({ components: all }).incident.impact).toBe("critical");
  });

  it("goes by the override, and by nothing but it", () => {
    const commit = opened({ components: { [API]: "major_outage" }, impactOverride: "minor" });
    expect(commit.incident).toMatchObject({ impact: "minor", highestImpact: "minor" });
  });

  it("is maintenance for as long as it is scheduled", () => {
    const schedule = {
      scheduledFor: NOW,
      scheduledUntil: NOW + 60 * MINUTE,
      autoInProgress: true,
      autoCompleted: true,
      remindPrior: false,
    };
    const planned = opened({ schedule, status: "scheduled" });
    expect(planned.incident.impact).toBe("maintenance");
    const begun = said("in_progress", { components: { [API]: "major_outage" } });
    expect(posted(planned, begun).incident.impact).toBe("maintenance");
    expect(posted(planned, begun, said("completed")).incident).toMatchObject({
      impact: "maintenance",
      resolvedAt: NOW + 2 * MINUTE,
    });
  });

  it("is resolved at the time shown, once, until it is opened again", () => {
    const resolvedAt = (...inputs: UpdateInput[]): Incident["resolvedAt"] =>
      posted(opened(), ...inputs).incident.resolvedAt;
    expect(resolvedAt(said("identified"))).toBeNull();
    expect(resolvedAt(said("resolved"))).toBe(NOW + MINUTE);
    expect(resolvedAt(said("resolved", { displayAt: NOW + 1 }))).toBe(NOW + 1);
    expect(resolvedAt(said("resolved"), said("resolved"))).toBe(NOW + MINUTE);
    expect(resolvedAt(said("resolved"), said("postmortem"))).toBe(NOW + MINUTE);
    expect(resolvedAt(said("resolved"), said("investigating"))).toBeNull();
    expect(resolvedAt(said("resolved"), said("investigating"), said("resolved"))).toBe(NOW + 3 * MINUTE);
  });

  it("keeps its status when a postmortem is announced", () => {
    const commit = posted(opened(), said("resolved"), said("postmortem"));
    expect(commit.incident).toMatchObject({ status: "resolved", seq: 3 });
    expect(commit.update?.status).toBe("postmortem");
  });

  it("remembers when it was first monitored", () => {
    const commit = posted(opened(), said("monitoring"), said("identified"), said("monitoring"));
    expect(commit.incident.monitoringAt).toBe(NOW + MINUTE);
  });

  it("leaves what it was given as it was", () => {
    const commit = opened({ components: { [API]: "major_outage" } });
    const before = structuredClone(commit);
    posted(commit, said("resolved", { components: { [API]: "operational" } }));
    expect(commit).toEqual(before);
    expect(CATALOG.components.every(({ status }) => status === "operational")).toBe(true);
  });
});
