import { describe, expect, it } from "vitest";
import { type Incident, publicStatus } from "../../../functions/core/incident.ts";
import { openIncident } from "../../../functions/core/posting.ts";

function incident(changes: Partial<Incident>): Incident {
  const opened = openIncident(
    {
      pageId: "page00000000",
      incidentId: "incident0000",
      updateId: "update000000",
      name: "Outage",
      status: "investigating",
      body: "",
      components: {},
      deliverNotifications: true,
      displayAt: null,
      impactOverride: null,
      schedule: null,
      backfilled: false,
      metadata: {},
    },
    { version: 0, components: [], groups: [] },
    1_000,
  );
  if (opened.outcome !== "ready") throw new Error(opened.outcome);
  return { ...opened.commit.incident, ...changes };
}

const published = {
  body: "Why it happened.",
  bodyUpdatedAt: 2_000,
  draft: null,
  draftUpdatedAt: null,
  publishedAt: 3_000,
  notifySubscribers: true,
};

describe("the status readers are told", () => {
  it("is postmortem once one is published", () => {
    expect(publicStatus(incident({ status: "resolved" }))).toBe("resolved");
    expect(publicStatus(incident({ status: "resolved", postmortem: published }))).toBe("postmortem");
  });

  it("is the incident's own again when it was opened again after its postmortem", () => {
    expect(publicStatus(incident({ status: "investigating", postmortem: published }))).toBe("investigating");
  });
});
