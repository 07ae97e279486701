import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { TableBusyError } from "../../../functions/store/busy.ts";
import { manageWorld } from "./manage-world.ts";

const named = (name: string) => Object.assign(new Error(name), { name });
const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: "cancelled",
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

describe("while a table is busy, the caller is told to come again", () => {
  it.each([
    ["a throttle of a read or write", named("ThrottlingException")],
    ["provisioned throughput", named("ProvisionedThroughputExceededException")],
    ["a transaction that was throttled", cancelled("None", "ThrottlingError")],
    ["a batch that stays unprocessed", new TableBusyError("100 keys are still unprocessed")],
    ["an error of DynamoDB's own", named("InternalServerError")],
  ])("%s", async (_, error) => {
    const world = await manageWorld();
    const busy = await manageWorld({
      status: {
        ...world.status,
        getCatalog: async () => {
          throw error;
        },
        commitIncident: async () => {
          throw error;
        },
      },
    });
    for (const reply of [
      await busy.get("/components"),
      await busy.post("/incidents", { incident: { name: "Partial Outage", body: "We are looking into it." } }),
    ]) {
      expect(reply.status, reply.text).toBe(503);
      expect(reply.headers["retry-after"]).toBe("5");
      expect(reply.json).toEqual({ error: "Too busy at the moment, please try again" });
    }
    // Whoever operates it is to see it all the same.
    expect(busy.logged.filter((line) => line.includes("request failed"))).toHaveLength(2);
  });

  it("but not of what stays", async () => {
    const world = await manageWorld();
    const broken = await manageWorld({
      status: {
        ...world.status,
        getCatalog: async () => {
          throw named("AccessDeniedException");
        },
      },
    });
    expect((await broken.get("/components")).status).toBe(500);
  });
});
