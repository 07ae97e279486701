import { describe, expect, it } from "vitest";
import { environmentOf, resourcesOf, synthesized } from "./synthesized.ts";

const { state } = synthesized();

describe("tables", () => {
  it("are five, all protected, on demand and recoverable to a point in time", () => {
    const tables = resourcesOf(state, "AWS::DynamoDB::Table");
    expect(tables).toHaveLength(5);
    for (const table of tables) {
      expect(table.Properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
    state.allResources("AWS::DynamoDB::Table", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  it("stream new images from status alone", () => {
    state.hasResourceProperties("AWS::DynamoDB::Table", { StreamSpecification: { StreamViewType: "NEW_IMAGE" } });
    const streams = resourcesOf(state, "AWS::DynamoDB::Table").filter(
      (table) => "StreamSpecification" in table.Properties,
    );
    expect(streams).toHaveLength(1);
  });

  it("expire only what is meant to", () => {
    const expiring = resourcesOf(state, "AWS::DynamoDB::Table").filter(
      (table) => "TimeToLiveSpecification" in table.Properties,
    );
    expect(expiring.map((table) => table.id.replace(/[0-9A-F]{8}$/, "")).sort()).toEqual([
      "Access",
      "Deliveries",
      "Keys",
      "Subscribers",
    ]);
  });
});

it("lets go of everything where data need not be protected", () => {
  const { state: unprotected } = synthesized(environmentOf({ protectData: false }));
  unprotected.allResourcesProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: false });
  unprotected.allResources("AWS::DynamoDB::Table", { DeletionPolicy: "Delete" });
});
