import { describe, expect, it } from "vitest";
import { BOMBS } from "../../fixtures/markdown-bombs.ts";
import { manageWorld, PAGE } from "./manage-world.ts";

const PROBLEM = "(?:is nested|has tables|would become)";
const refusal = (field: string) => ({
  status: 422,
  json: {
    error: expect.stringMatching(new RegExp(`^${field} ${PROBLEM}`)),
    details: [expect.objectContaining({ field })],
  },
});

describe.each(BOMBS)("a body of $name", ({ body }) => {
  it("is refused wherever bodies come in, and its field named", async () => {
    const world = await manageWorld();
    const id = await world.resolvedIncident();
    const inIncident = refusal("incident.body");
    const told = world.notices.size;
    expect(await world.post("/incidents", { incident: { name: "Outage", body } })).toMatchObject(inIncident);
    expect(await world.post("/incidents", { incident: { name: "Outage", body, backfilled: true } })).toMatchObject(
      inIncident,
    );
    expect(await world.patch(`/incidents/${id}`, { incident: { body } })).toMatchObject(inIncident);
    expect(await world.post(`/incidents/${id}/preview`, { incident: { body } })).toMatchObject(inIncident);
    const [update] = await world.status.listUpdates(PAGE.id, id);
    expect(
      await world.patch(`/incidents/${id}/incident_updates/${update?.id}`, { incident_update: { body } }),
    ).toMatchObject(refusal("incident_update.body"));
    expect(await world.put(`/incidents/${id}/postmortem`, { postmortem: { body_draft: body } })).toMatchObject(
      refusal("postmortem.body_draft"),
    );
    expect(world.notices.size).toBe(told);
  });
});
