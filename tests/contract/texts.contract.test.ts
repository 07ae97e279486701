import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import { contractClient, describeOnDynamo } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

describeOnDynamo("a sender that reads an update's text for each of its chunks", (server) => {
  it("reads it from the table once, and again as long as it is not there", async () => {
    const { client, tables } = server();
    const endpoint = await client.config.endpoint?.();
    const counting = contractClient(`http://${endpoint?.hostname}:${endpoint?.port}`);
    let reads = 0;
    counting.middlewareStack.add(
      (next) => (args) => {
        reads += 1;
        return next(args);
      },
      { step: "initialize", name: "counting" },
    );
    const planner = dynamoLedger({ client, table: tables.deliveries, random: randomBytes });
    const sender = dynamoLedger({ client: counting, table: tables.deliveries, random: randomBytes });
    const key = { pageId: anId(), updateId: anId(), format: "email", locale: "en" } as const;
    const text = { parts: ["text ", ""], slots: ["address" as const] };

    expect(await sender.getRendering(key)).toBeNull();
    await planner.keepRendering(key, text, NOW);
    expect(await sender.getRendering(key)).toEqual(text);
    expect(await sender.getRendering(key)).toEqual(text);
    expect(await sender.getRendering({ ...key, locale: "de" })).toBeNull();
    expect(reads).toBe(3);
  });
});
