import { describe, expect, test } from "vitest";
import { z } from "zod";
import { isToBeSent } from "../../../functions/core/audience.ts";
import { idOf, idsOf, incidentAnswer, manageWorld, PAGE } from "./manage-world.ts";

const exportAnswer = z.object({ subscribers: z.array(z.looseObject({ email: z.string().nullable() })) });
const importAnswer = z.object({
  created: z.number(),
  refused: z.number(),
  rows: z.array(z.looseObject({ line: z.number(), outcome: z.string(), left_out: z.string().optional() })),
});

/** Two components, and people who chose one, both, or the page. */
async function world() {
  const w = await manageWorld();
  const [api, web] = [await w.component("API"), await w.component("Web")];
  const add = async (email: string, component_ids: string[]) =>
    idOf(
      await w.post("/subscribers", {
        subscriber: {
          email,
          skip_confirmation_notification: true,
          ...(component_ids.length === 0 ? {} : { component_ids }),
        },
      }),
    );
  const [only, both, everything] = [
    await add("only@example.org", [api]),
    await add("both@example.org", [api, web]),
    await add("page@example.org", []),
  ];
  const gone = await add("left@example.org", [api]);
  await w.remove(`/subscribers/${gone}`);
  return {
    ...w,
    api,
    web,
    only,
    both,
    everything,
    gone,
    /** As confirmed by whoever deletes it. */
    delete: (id: string) => w.send("DELETE", `${w.at}/components/${id}?confirm=true`),
  };
}

describe("deleting a component that subscribers chose", () => {
  test("is not done before it is said how many they are, and confirmed", async () => {
    const w = await world();
    const before = await w.snapshot();
    const refused = await w.remove(`/components/${w.api}`);
    expect(refused).toMatchObject({
      status: 409,
      json: { subscribers: { chose: 2, only_this: 1, is_estimate: false } },
    });
    expect(refused.text).toContain("2 subscribers chose this component; 1 of them would hear of nothing any more");
    expect(await w.snapshot()).toEqual(before);
    expect((await w.delete(w.api)).status).toBe(204);
    expect((await w.get(`/components/${w.api}`)).status).toBe(404);
    expect((await w.remove(`/components/${w.api}`)).status).toBe(404);
  });

  test("of one that nobody chose needs no more than Statuspage's DELETE", async () => {
    const w = await world();
    expect((await w.remove(`/components/${await w.component("Other")}`)).status).toBe(204);
  });

  test("it is nobody's choice any more: not shown, not exported, and nobody gets the whole page for it", async () => {
    const w = await world();
    await w.delete(w.api);
    expect((await w.get(`/subscribers/${w.only}`)).json).toMatchObject({ components: [], hears_nothing: true });
    expect((await w.get(`/subscribers/${w.both}`)).json).toMatchObject({ components: [w.web], hears_nothing: false });
    expect((await w.get(`/subscribers/${w.everything}`)).json).toMatchObject({ hears_nothing: false });
    expect(idsOf(await w.get("/subscribers?hears_nothing=true"))).toEqual([w.only]);
    expect((await w.get("/subscribers/count?hears_nothing=true")).json).toMatchObject({ email: 1 });
    const stored = await w.subscribers.find(PAGE.id, w.only);
    const update = {
      incidentId: "otherinciden",
      status: "investigating" as const,
      opens: true,
      componentIdsSoFar: [w.web],
      impactSoFar: "critical" as const,
      before: null,
      deliverNotifications: true,
    };
    if (stored === null) throw new Error("they are subscribed");
    expect(isToBeSent(update, stored, stored.confirmedAt ?? 0)).toBe(false);
    await w.patch(`/subscribers/${w.only}`, { component_ids: [w.web] });
    expect((await w.get(`/subscribers/${w.only}`)).json).toMatchObject({ components: [w.web], hears_nothing: false });
  });

  test("an incident that affected it is told to its end to those who chose it", async () => {
    const w = await world();
    const id = await w.incident({ status: "investigating", components: { [w.api]: "major_outage" } });
    await w.delete(w.api);
    const resolve = {
      status: "resolved",
      body: "Over.",
      components: { [w.api]: "operational", [w.web]: "operational" },
    };
    const reply = await w.patch(`/incidents/${id}`, { incident: resolve });
    expect(reply).toMatchObject({
      status: 200,
      json: { status: "resolved", warnings: [expect.stringContaining(w.api)] },
    });
    const [update] = await w.status.listUpdates(PAGE.id, id).then((all) => all.slice(-1));
    const stored = await w.subscribers.find(PAGE.id, w.only);
    if (update === undefined || stored === null) throw new Error("both were made");
    expect(isToBeSent(update, stored, stored.confirmedAt ?? 0)).toBe(true);
    expect(update.affectedComponents?.map((one) => one.id)).toEqual([w.web]);
  });
});

describe("what names a deleted component", () => {
  test.each([
    ["as a map", (id: string) => ({ components: { [id]: "operational" } })],
    ["as a list", (id: string) => ({ component_ids: [id] })],
    ["as a list of components", (id: string) => ({ components: [id] })],
  ])("a change of an incident, %s, goes through without it", async (_, naming) => {
    const w = await world();
    const id = await w.incident({ components: { [w.api]: "major_outage" } });
    const another = await w.component("Another");
    await w.delete(w.api);
    await w.remove(`/components/${another}`);
    for (const gone of [w.api, another]) {
      const change = { status: "monitoring", body: "Better.", ...naming(gone) };
      const preview = await w.post(`/incidents/${id}/preview`, { incident: change });
      expect(preview).toMatchObject({ status: 200, json: { notifies: true, warnings: [expect.any(String)] } });
      const reply = await w.patch(`/incidents/${id}`, { incident: change });
      expect(reply.status, reply.text).toBe(200);
      expect(reply.json).toMatchObject({ warnings: [expect.stringContaining(gone)] });
    }
    expect(incidentAnswer.parse((await w.get(`/incidents/${id}`)).json).incident_updates).toHaveLength(3);
    // What never was is a mistake, and so is an incident that would begin with what is gone.
    const never = { status: "resolved", ...naming("neverexisted") };
    expect((await w.patch(`/incidents/${id}`, { incident: never })).status).toBe(422);
    expect((await w.post("/incidents", { incident: { name: "New", ...naming(w.api) } })).status).toBe(422);
  });

  test("nothing is said by naming only what is gone", async () => {
    const w = await world();
    const id = await w.incident({ components: { [w.api]: "major_outage" } });
    await w.delete(w.api);
    const before = await w.snapshot();
    const change = { status: "investigating", components: { [w.api]: "operational" } };
    expect((await w.patch(`/incidents/${id}`, { incident: change })).status).toBe(200);
    expect(await w.snapshot()).toEqual(before);
  });

  test("an export goes back in, into this page or a new one, each as they were", async () => {
    const w = await world();
    await w.delete(w.api);
    const { subscribers } = exportAnswer.parse((await w.get("/subscribers/export")).json);
    const other = await manageWorld();
    const reply = await other.post("/subscribers/import", {
      subscribers: subscribers.filter(({ email }) => email !== "both@example.org"),
    });
    expect(importAnswer.parse(reply.json)).toMatchObject({ created: 3, refused: 0 });
    expect(idsOf(await other.get("/subscribers?hears_nothing=true"))).toHaveLength(1);
    expect(idsOf(await other.get("/subscribers?hears_nothing=false"))).toHaveLength(1);
  });

  test("an older file is read: without what is gone, by line; and refused where nothing is left", async () => {
    const w = await world();
    await w.delete(w.api);
    const reply = await w.post("/subscribers/import", {
      confirmed: true,
      subscribers: [
        { email: "a@example.org", components: [w.api, "Web"] },
        { email: "b@example.org", components: [w.api] },
        { email: "c@example.org", components: ["Gone", w.api], page: true },
        { email: "d@example.org", components: [w.api], page: false },
        { email: "e@example.org", components: [w.api], state: "unsubscribed" },
        { email: "f@example.org", components: ["Web"] },
      ],
    });
    const { rows } = importAnswer.parse(reply.json);
    expect(rows.map(({ outcome, left_out }) => [outcome, left_out ?? null])).toEqual([
      ["created", "components names no component in place 1"],
      ["refused", null],
      ["created", "components names no component in place 1, 2"],
      ["refused", null],
      ["created", "components names no component in place 1"],
      ["created", null],
    ]);
    const people = (await w.snapshot()).people.flat();
    const scopesOf = (email: string) => people.find((one) => one.channel === "email" && one.email === email)?.scopes;
    expect(scopesOf("a@example.org")).toEqual({ page: false, components: [w.web], incidents: [] });
    expect(scopesOf("c@example.org")).toEqual({ page: true, components: [], incidents: [] });
    expect(scopesOf("e@example.org")).toEqual({ page: false, components: [], incidents: [] });
  });

  test("pages, feeds and JSON of an incident still name what it affected", async () => {
    const w = await world();
    const id = await w.incident({ components: { [w.api]: "major_outage", [w.web]: "major_outage" } });
    await w.delete(w.api);
    const shown = await w.get(`/incidents/${id}`);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain('"name":"API"');
  });
});
