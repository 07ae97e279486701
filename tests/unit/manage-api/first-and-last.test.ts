import { describe, expect, test } from "vitest";
import { audienceAsOf, isToBeSent } from "../../../functions/core/audience.ts";
import type { Subscriber } from "../../../functions/core/subscriber.ts";
import { aSubscriber } from "../../contract/samples.ts";
import { manageWorld, PAGE } from "./manage-world.ts";

type World = Awaited<ReturnType<typeof manageWorld>>;
const FIRST_AND_LAST = { updates: "first and last", minimumImpact: "none" } as const;

/** The numbers of the incident's updates that the subscriber is told. */
async function told(world: World, incident: string, changes: Partial<Pick<Subscriber, "preferences" | "scopes">>) {
  const subscriber = aSubscriber(PAGE.id, { confirmedAt: 0, ...changes });
  const updates = await world.status.listUpdates(PAGE.id, incident);
  return updates
    .filter((update) => isToBeSent(update, subscriber, audienceAsOf(update.createdAt)))
    .map(({ seq }) => seq);
}

describe("the first update that concerns somebody is the first they can be told of, however the incident grew", () => {
  test("by an impact that is overridden with the update itself", async () => {
    const world = await manageWorld();
    const incident = await world.incident({ impact_override: "minor" });
    await world.patch(`/incidents/${incident}`, { incident: { impact_override: "critical", body: "It is bad." } });
    const preferences = { ...FIRST_AND_LAST, minimumImpact: "critical" } as const;
    expect(await told(world, incident, { preferences })).toEqual([2]);
  });

  test("by components that were added quietly before it", async () => {
    const world = await manageWorld();
    const [web, mail] = [await world.component("Web"), await world.component("Mail")];
    const incident = await world.incident({ components: { [web]: "major_outage" } });
    await world.patch(`/incidents/${incident}`, { incident: { components: { [mail]: "major_outage" } } });
    await world.patch(`/incidents/${incident}`, { incident: { body: "Mail is down too." } });
    await world.patch(`/incidents/${incident}`, { incident: { body: "Still." } });
    const scopes = { page: false, components: [mail], incidents: [] };
    expect(await told(world, incident, { preferences: FIRST_AND_LAST, scopes })).toEqual([2]);
  });

  test("or was opened in silence", async () => {
    const world = await manageWorld();
    const incident = await world.incident({ deliver_notifications: false });
    await world.patch(`/incidents/${incident}`, { incident: { body: "We tell you now." } });
    await world.patch(`/incidents/${incident}`, { incident: { body: "Still." } });
    expect(await told(world, incident, { preferences: FIRST_AND_LAST })).toEqual([2]);
  });
});
