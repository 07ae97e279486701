import fc from "fast-check";
import { expect, test } from "vitest";
import {
  moved,
  regrouped,
  withComponent,
  withGroup,
  withoutGroup,
  withSinglePositions,
} from "../../../functions/core/catalog-order.ts";
import {
  type Catalog,
  type Component,
  type ComponentGroup,
  catalogRows,
  EMPTY_CATALOG,
} from "../../../functions/core/component.ts";

const NOW = 1_000;

function component(id: string, groupId: string | null, position = 0): Component {
  return {
    id,
    name: id,
    description: null,
    status: "operational",
    position,
    groupId,
    showcase: true,
    onlyShowIfDegraded: false,
    startDate: null,
    createdAt: 0,
    updatedAt: 0,
  };
}

function group(id: string, position = 0): ComponentGroup {
  return { id, name: id, description: null, position, createdAt: 0, updatedAt: 0 };
}

/** The ids of a container in the order that readers see. */
function orderIn(catalog: Catalog, groupId: string | null): string[] {
  const rows = catalogRows(catalog);
  if (groupId === null) return rows.map((row) => (row.kind === "group" ? row.group.id : row.component.id));
  return rows.flatMap((row) =>
    row.kind === "group" && row.group.id === groupId ? row.components.map(({ id }) => id) : [],
  );
}

function positionOf(catalog: Catalog, id: string): number {
  return [...catalog.components, ...catalog.groups].find((row) => row.id === id)?.position ?? Number.NaN;
}

const containers = ({ groups }: Catalog) => [null, ...groups.map(({ id }) => id)];

/** A step of an operator's; its numbers pick among what there is. */
type Step =
  | { kind: "create"; n: number; place: number | null }
  | { kind: "move"; n: number; place: number }
  | { kind: "enter"; n: number; m: number; place: number | null }
  | { kind: "group"; ns: number[] }
  | { kind: "regroup"; m: number; ns: number[] }
  | { kind: "ungroup"; m: number }
  | { kind: "delete"; n: number };

const [n, m, place] = [fc.nat(9), fc.nat(4), fc.nat(12)];
const ns = fc.uniqueArray(n, { maxLength: 5 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("create" as const), n, place: fc.option(place) }),
    fc.record({ kind: fc.constant("move" as const), n, place }),
    fc.record({ kind: fc.constant("enter" as const), n, m, place: fc.option(place) }),
    fc.record({ kind: fc.constant("group" as const), ns }),
    fc.record({ kind: fc.constant("regroup" as const), m, ns }),
    fc.record({ kind: fc.constant("ungroup" as const), m }),
    fc.record({ kind: fc.constant("delete" as const), n }),
  ),
  { maxLength: 25 },
);

/** The catalog after a step, having checked what the step promised. */
function taken(catalog: Catalog, step: Step, fresh: string): Catalog {
  const pick = <T>(rows: readonly T[], n: number): T | undefined => rows[n % Math.max(rows.length, 1)];
  switch (step.kind) {
    case "create": {
      const groupId = pick(containers(catalog), step.n) ?? null;
      const after = withComponent(catalog, component(fresh, groupId), step.place ?? undefined);
      if (step.place === null) expect(orderIn(after, groupId)).toEqual([...orderIn(catalog, groupId), fresh]);
      else expectPlaced(catalog, after, fresh, groupId, step.place);
      return after;
    }
    case "move": {
      const row = pick(catalog.components, step.n);
      if (row === undefined) return catalog;
      const after = moved(catalog, row.id, row.groupId, step.place);
      expectPlaced(catalog, after, row.id, row.groupId, step.place);
      return after;
    }
    case "enter": {
      const row = pick(catalog.components, step.n);
      const groupId = pick(containers(catalog), step.m) ?? null;
      if (row === undefined || row.groupId === groupId) return catalog;
      const after = moved(catalog, row.id, groupId, step.place ?? undefined);
      if (step.place === null) expect(orderIn(after, groupId)).toEqual([...orderIn(catalog, groupId), row.id]);
      else expectPlaced(catalog, after, row.id, groupId, step.place);
      return after;
    }
    case "group": {
      const ids = [...new Set(step.ns.flatMap((each) => pick(catalog.components, each)?.id ?? []))];
      const after = regrouped(withGroup(catalog, group(fresh)), fresh, ids, NOW);
      expect(orderIn(after, fresh)).toEqual(ids);
      expect(orderIn(after, null).at(-1)).toBe(fresh);
      return after;
    }
    case "regroup": {
      const target = pick(catalog.groups, step.m);
      if (target === undefined) return catalog;
      const ids = [...new Set(step.ns.flatMap((each) => pick(catalog.components, each)?.id ?? []))];
      const after = regrouped(catalog, target.id, ids, NOW);
      expect(orderIn(after, target.id)).toEqual(ids);
      const left = orderIn(catalog, target.id).filter((id) => !ids.includes(id));
      const stayed = orderIn(catalog, null).filter((id) => !ids.includes(id));
      expect(orderIn(after, null)).toEqual([...stayed, ...left]);
      return after;
    }
    case "ungroup": {
      const target = pick(catalog.groups, step.m);
      if (target === undefined) return catalog;
      const after = withoutGroup(catalog, target, NOW);
      const inside = orderIn(catalog, target.id);
      expect(orderIn(after, null)).toEqual(orderIn(catalog, null).flatMap((id) => (id === target.id ? inside : id)));
      return after;
    }
    case "delete": {
      const row = pick(catalog.components, step.n);
      return { ...catalog, components: catalog.components.filter((each) => each !== row) };
    }
  }
}

/** It stands at exactly the given place, next to who held it, and the others stand as they did. */
function expectPlaced(before: Catalog, after: Catalog, id: string, groupId: string | null, place: number): void {
  expect(positionOf(after, id)).toBe(place);
  const others = orderIn(before, groupId).filter((each) => each !== id);
  expect(orderIn(after, groupId).filter((each) => each !== id)).toEqual(others);
  const holder = others.find((each) => positionOf(before, each) === place);
  if (holder === undefined) return;
  const wasAbove = orderIn(before, groupId).includes(id) && positionOf(before, id) < place;
  const order = orderIn(after, groupId);
  expect(order.indexOf(id) - order.indexOf(holder)).toBe(wasAbove ? 1 : -1);
}

function expectSingle(catalog: Catalog): void {
  for (const container of containers(catalog)) {
    const positions = orderIn(catalog, container).map((id) => positionOf(catalog, id));
    expect(new Set(positions).size).toBe(positions.length);
    expect(Math.min(0, ...positions)).toBe(0);
  }
}

test("whatever is created, moved, grouped, ungrouped and deleted: no place is held twice, the given one is kept", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      let catalog = EMPTY_CATALOG;
      for (const [index, step] of sequence.entries()) {
        catalog = taken(catalog, step, `id${index}`);
        expectSingle(catalog);
        expect(withSinglePositions(catalog)).toEqual(catalog);
      }
    }),
    { numRuns: 300 },
  );
});

test("a catalog with doubled places is put right without a change of order", () => {
  const few = fc.nat(3);
  const row = fc.record({ at: few, inGroup: fc.boolean() });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 8 }), few, (rows, groupAt) => {
      const components = rows.map(({ at, inGroup }, index) => component(`c${index}`, inGroup ? "g" : null, at));
      const catalog = { version: 1, components, groups: [group("g", groupAt)] };
      const right = withSinglePositions(catalog);
      expectSingle(right);
      for (const container of containers(catalog))
        expect(orderIn(right, container)).toEqual(orderIn(catalog, container));
    }),
  );
});

test("places given once each, from the first to the last, are the order, whatever it was before", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const wanted = fc.shuffledSubarray(ids, { minLength: ids.length });
  fc.assert(
    fc.property(wanted, wanted, fc.constantFrom(1, 3, 10), (before, after, step) => {
      let catalog: Catalog = EMPTY_CATALOG;
      for (const id of before) catalog = withComponent(catalog, component(id, null), undefined);
      for (const [index, id] of after.entries()) catalog = moved(catalog, id, null, (index + 1) * step);
      expect(orderIn(catalog, null)).toEqual(after);
    }),
  );
});
