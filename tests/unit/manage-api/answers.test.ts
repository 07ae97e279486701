import { expect, it } from "vitest";
import { idOf, manageWorld } from "./manage-world.ts";

/** What of the status table is read from now on. */
async function watchedWorld() {
  const world = await manageWorld();
  const reads: string[] = [];
  for (const name of ["getPage", "getCatalog", "getIncident", "listUpdates"] as const) {
    const read = world.status[name];
    Object.assign(world.status, {
      [name]: (...parameters: unknown[]) => {
        reads.push(name);
        return Reflect.apply(read, world.status, parameters);
      },
    });
  }
  return {
    ...world,
    /** An answer, and what was read for it. */
    during: async <T>(request: Promise<T>): Promise<[T, string[]]> => {
      reads.length = 0;
      return [await request, reads.toSorted()];
    },
  };
}

it("a commit is answered from what was committed, and shows what a read of it shows", async () => {
  const { component, during, get, patch, post } = await watchedWorld();
  const gateway = await component("Gateway");
  const opening = {
    name: "Slow",
    body: "Looking",
    component_ids: [gateway],
    components: { [gateway]: "major_outage" },
  };
  const [opened, forOpening] = await during(post("/incidents", { incident: opening }));
  // The page, to be allowed at all.
  expect(forOpening).toEqual(["getCatalog", "getPage"]);
  const path = `/incidents/${idOf(opened)}`;
  expect((await get(path)).json).toEqual(opened.json);

  const change = { status: "identified", body: "Found", components: { [gateway]: "partial_outage" } };
  const [changed, forChange] = await during(patch(path, { incident: change }));
  expect(forChange).toEqual(["getCatalog", "getIncident", "getPage", "listUpdates"]);
  expect((await get(path)).json).toEqual(changed.json);

  const end = { incident: { status: "resolved", body: "Over" } };
  const [resolved, forKey] = await during(patch(path, end, { "idempotency-key": "once" }));
  expect(forKey).toEqual(["getCatalog", "getIncident", "getPage", "listUpdates"]);
  expect((await get(path)).json).toEqual(resolved.json);

  const [again, forAgain] = await during(patch(path, { incident: { status: "resolved" } }));
  expect(forAgain).toEqual(["getCatalog", "getIncident", "getPage", "listUpdates"]);
  expect(again.json).toEqual(resolved.json);
});
