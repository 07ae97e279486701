import { expect, it } from "vitest";
import * as z from "zod/mini";
import type { Incident, Update } from "../../../functions/core/incident.ts";
import type { Reply } from "../../fakes/http-client.ts";
import { manageWorld, PAGE } from "./manage-world.ts";

/** Lambda, "Function payload": 6 MB, in which the body is a text within JSON. */
const LAMBDA_BYTES = 6 * 1_024 * 1_024;

const shownSchema = z.object({
  id: z.string(),
  incident_updates: z.array(z.object({ id: z.string(), body: z.string() })),
  incident_updates_left_out: z.optional(z.number()),
});

function lambdaBytes({ text }: Reply): number {
  return Buffer.byteLength(JSON.stringify({ statusCode: 200, headers: {}, body: text })) + 2_000;
}

/** Incidents of so many updates with a body like this, in the table. */
async function worldOf(incidents: number, updates: number, body: string, change: Partial<Incident> = {}) {
  const world = await manageWorld();
  const stored = new Map<string, { incident: Incident; updates: Update[] }>();
  for (let number = 0; number < incidents; number += 1) {
    const id = await world.incident();
    world.tick(1_000);
    const incident = await world.status.getIncident(PAGE.id, id);
    const [first] = await world.status.listUpdates(PAGE.id, id);
    if (incident === null || first === undefined) throw new Error("not stored");
    const all = Array.from({ length: updates }, (_, index) => ({
      ...first,
      id: `${id.slice(0, 8)}${String(index).padStart(4, "0")}`,
      seq: index + 1,
      displayAt: first.displayAt + index * 60_000,
      body,
    }));
    stored.set(id, { incident: { ...incident, ...change }, updates: all });
  }
  const status = {
    ...world.status,
    listUpdates: async (_: string, id: string) => stored.get(id)?.updates ?? [],
    getIncident: async (_: string, id: string) => stored.get(id)?.incident ?? null,
    listIncidents: async () => ({ items: [...stored.values()].map(({ incident }) => incident), next: null }),
    listUnresolved: async () => [...stored.values()].map(({ incident }) => incident),
  };
  const { get } = await manageWorld({ ...world.deps, status });
  return { get, ids: [...stored.keys()] };
}

it.each([
  ["letters", "a".repeat(25_000)],
  ["quotation marks", '"'.repeat(25_000)],
  ["line ends", "\n".repeat(25_000)],
  ["Chinese", "状".repeat(25_000)],
  ["emoji", "🚨".repeat(12_500)],
])("one incident of 200 greatest updates, of %s, is answered with the newest that fit", async (_, body) => {
  const { get, ids } = await worldOf(1, 200, body);
  const reply = await get(`/incidents/${ids[0]}`);
  expect(reply.status).toBe(200);
  expect(lambdaBytes(reply)).toBeLessThan(LAMBDA_BYTES);
  const shown = shownSchema.parse(reply.json);
  expect(shown.incident_updates.length + (shown.incident_updates_left_out ?? 0)).toBe(200);
  expect(shown.incident_updates.length).toBeGreaterThan(20);
  expect(shown.incident_updates[0]?.id).toMatch(/0199$/);
});

it.each(["/incidents", "/incidents?q=down", "/incidents/unresolved"])("GET %s gives each its share", async (path) => {
  const { get } = await worldOf(30, 20, "It is down. ".repeat(2_000));
  const reply = await get(path);
  expect(reply.status).toBe(200);
  expect(lambdaBytes(reply)).toBeLessThan(LAMBDA_BYTES);
  const shown = z.array(shownSchema).parse(reply.json);
  expect(shown).toHaveLength(30);
  for (const one of shown) {
    expect(one.incident_updates.length).toBeGreaterThan(2);
    expect(one.incident_updates.length + (one.incident_updates_left_out ?? 0)).toBe(20);
    expect(one.incident_updates[0]?.id).toMatch(/0019$/);
  }
});

it("what fits is whole, though one of them has more than its share", async () => {
  const { get } = await worldOf(2, 50, "It is down. ".repeat(2_000));
  const shown = z.array(shownSchema).parse((await get("/incidents")).json);
  expect(shown.map((one) => [one.incident_updates.length, one.incident_updates_left_out])).toEqual([
    [50, undefined],
    [50, undefined],
  ]);
});

it("a list whose incidents do not fit even so is refused with the field, and fewer are answered", async () => {
  const metadata = { a: { text: "x".repeat(95_000) } };
  const { get } = await worldOf(80, 1, "Down.", { metadata });
  const reply = await get("/incidents");
  expect(reply.status).toBe(422);
  expect(reply.json).toMatchObject({ details: [{ field: "limit" }] });
  expect((await get("/incidents?limit=40")).status).toBe(200);
  expect((await get("/incidents/unresolved")).json).toMatchObject({ details: [{ field: "per_page" }] });
});
