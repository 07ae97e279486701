import { expect, it } from "vitest";
import { updateTellingSchema } from "../../functions/core/incident.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import { contractClient, describeOnDynamo } from "./on-both.ts";
import { anIncident, aPage, opening } from "./samples.ts";

describeOnDynamo("a sender that reads an incident's updates for each of its chunks", (server) => {
  it("is sent no body, and each update once", async () => {
    const { client, tables } = server();
    const endpoint = await client.config.endpoint?.();
    const counting = contractClient(`http://${endpoint?.hostname}:${endpoint?.port}`);
    const found: string[] = [];
    counting.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === "QueryCommand") found.push(JSON.stringify(answer.output));
        return answer;
      },
      { step: "initialize", name: "counting" },
    );
    const named = { statusTable: tables.status, deliveriesTable: tables.deliveries };
    const writing = dynamoStatusStore({ client, ...named });
    const page = aPage();
    await writing.createPage(page);
    const commit = opening(anIncident(page.id));
    if (commit.update === null) throw new Error("an incident opens with an update");
    await writing.commitIncident({ ...commit, update: { ...commit.update, body: "状".repeat(25_000) } });

    const sending = dynamoStatusStore({ client: counting, ...named });
    const first = await sending.listTellings(page.id, commit.incident.id);
    const second = await sending.listTellings(page.id, commit.incident.id);
    expect(first).toEqual([updateTellingSchema.parse(commit.update)]);
    expect(second).toEqual(first);
    expect(found).toHaveLength(2);
    expect(found[0]).toContain(commit.update.id);
    expect(found[0]).not.toContain("状");
    expect(found[1]).not.toContain(commit.update.id);
  });
});
