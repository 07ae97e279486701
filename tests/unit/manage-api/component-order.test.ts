import { describe, expect, test } from "vitest";
import { z } from "zod";
import { idOf, manageWorld } from "./manage-world.ts";

type World = Awaited<ReturnType<typeof manageWorld>>;

const rows = z.array(z.looseObject({ name: z.string(), position: z.number(), group_id: z.string().nullish() }));

/** Rows as they are listed: `name@position`, those of a group after it. */
async function listed(world: World): Promise<string[]> {
  return rows.parse((await world.get("/components")).json).map(({ name, position }) => `${name}@${position}`);
}

async function threeOn(world: World): Promise<[string, string, string]> {
  return [await world.component("A"), await world.component("B"), await world.component("C")];
}

describe("a given place is kept", () => {
  test("C with A's position stands before A; A with the last one's stands last", async () => {
    const world = await manageWorld();
    const [a, , c] = await threeOn(world);
    const reply = await world.patch(`/components/${c}`, { component: { position: 1 } });
    expect(reply.json).toMatchObject({ name: "C", position: 1 });
    expect(await listed(world)).toEqual(["C@1", "A@2", "B@3"]);
    await world.patch(`/components/${a}`, { component: { position: 3 } });
    expect(await listed(world)).toEqual(["C@1", "B@2", "A@3"]);
  });

  test("created at a place that is held", async () => {
    const world = await manageWorld();
    await threeOn(world);
    await world.component("D", { position: 2 });
    expect(await listed(world)).toEqual(["A@1", "D@2", "B@3", "C@4"]);
  });

  test("places with gaps, given in any order", async () => {
    const world = await manageWorld();
    for (const [name, position] of [
      ["last", 30],
      ["first", 10],
      ["second", 20],
    ] as const) {
      await world.component(name, { position });
    }
    expect(await listed(world)).toEqual(["first@10", "second@20", "last@30"]);
  });

  test("a place that nothing can be counted beyond is refused; the next ones still find theirs", async () => {
    const world = await manageWorld();
    for (const position of [1_000_000_000, Number.MAX_SAFE_INTEGER, 1e300, "9007199254740991"]) {
      const reply = await world.post("/components", { component: { name: "far", position } });
      expect(reply, reply.text).toMatchObject({
        status: 422,
        json: { details: expect.arrayContaining([expect.objectContaining({ field: "component.position" })]) },
      });
    }
    const negative = await world.post("/components", { component: { name: "below", position: "-3" } });
    expect(negative.text).toContain("component.position must not be negative");
    for (const name of ["A", "B", "C"]) await world.component(name, { position: 999_999_999 });
    await world.component("last");
    expect(await listed(world)).toEqual(["C@999999999", "B@1000000000", "A@1000000001", "last@1000000002"]);
  });

  test("a group's list is its order, on create and on change", async () => {
    const world = await manageWorld();
    const [a, b, c] = await threeOn(world);
    const created = await world.post("/component-groups", { component_group: { name: "G", components: [c, a] } });
    expect(created.json).toMatchObject({ components: [c, a] });
    expect(await listed(world)).toEqual(["B@2", "G@4", "C@1", "A@2"]);
    const path = `/component-groups/${idOf(created)}`;
    expect((await world.put(path, { component_group: { components: [a, b, c] } })).json).toMatchObject({
      components: [a, b, c],
    });
    expect(await listed(world)).toEqual(["G@4", "A@1", "B@2", "C@3"]);
    await world.patch(path, { component_group: { components: [b] } });
    expect(await listed(world)).toEqual(["G@4", "B@1", "A@5", "C@6"]);
  });

  test("who leaves a group, or loses it, holds a place of their own", async () => {
    const world = await manageWorld();
    const [a, b, c] = await threeOn(world);
    const group = idOf(await world.post("/component-groups", { component_group: { name: "G", components: [a, b] } }));
    await world.patch(`/components/${a}`, { component: { group_id: "" } });
    expect(await listed(world)).toEqual(["C@3", "G@4", "B@2", "A@5"]);
    await world.patch(`/components/${a}`, { component: { group_id: group, position: 2 } });
    expect(await listed(world)).toEqual(["C@3", "G@4", "A@2", "B@3"]);
    await world.patch(`/components/${c}`, { component: { group_id: group } });
    await world.component("D");
    await world.remove(`/component-groups/${group}`);
    expect(await listed(world)).toEqual(["A@4", "B@5", "C@6", "D@7"]);
  });

  test("many at once: each lost race is run again over what the winner left", async () => {
    const world = await manageWorld();
    const ids = await threeOn(world);
    await Promise.all(ids.map((id) => world.patch(`/components/${id}`, { component: { position: 1 } })));
    const places = rows.parse((await world.get("/components")).json).map(({ position }) => position);
    expect(places).toEqual([1, 2, 3]);
  });
});
