import { describe, expect, it } from "vitest";
import { checkHeader, checkUpdate } from "../../../functions/manage-api/incidents/item-bounds.ts";
import { seedSource } from "../../fixtures/template-sources.ts";

const { incident, update } = seedSource(1);
const refused = (field: string) =>
  expect.objectContaining({ status: 422, details: [expect.objectContaining({ field })] });

describe("what no item of the tables can hold is refused, and what takes the most of it named", () => {
  it("an update of hundreds of components with long names", () => {
    const name = "🚨".repeat(255);
    const affectedComponents = Array.from({ length: 400 }, (_, index) => ({
      id: `component${index}`,
      name,
      oldStatus: "operational" as const,
      newStatus: "major_outage" as const,
    }));
    expect(() => checkUpdate({ ...update, affectedComponents })).toThrow(refused("incident.components"));
    expect(() => checkUpdate({ ...update, affectedComponents: affectedComponents.slice(0, 200) })).not.toThrow();
    expect(() =>
      checkUpdate({ ...update, affectedComponents: affectedComponents.slice(0, 250), body: "🚨".repeat(90_000) }),
    ).toThrow(refused("incident.body"));
  });

  it("a header whose postmortem and metadata are each as long as they may be", () => {
    const text = "🚨".repeat(45_000);
    const postmortem = {
      body: text,
      bodyUpdatedAt: 0,
      draft: text,
      draftUpdatedAt: 0,
      publishedAt: 0,
      notifySubscribers: true,
    };
    expect(() => checkHeader({ ...incident, metadata: { a: { text: "x".repeat(99_000) } }, postmortem })).toThrow(
      refused("postmortem.body_draft"),
    );
    expect(() => checkHeader({ ...incident, postmortem })).not.toThrow();
  });
});
