import { describe, expect, test } from "vitest";
import { xml2js } from "xml-js";
import { z } from "zod";
import { publishPage } from "../../../functions/publish-page/publish-page.ts";
import { memorySite } from "../../fakes/memory-site.ts";
import { SIGN_UP } from "../../fixtures/seed-incident.ts";
import { idOf, incidentAnswer, manageWorld, PAGE, START } from "../manage-api/manage-world.ts";

const MINUTE = 60_000;
const node = z.object({ _text: z.string() });
const one = z.object({ id: node, updated: node });
const atomSchema = z.object({
  feed: z.object({ updated: node, entry: z.union([one.transform((each) => [each]), z.array(one)]).default([]) }),
});

/** The API and the published page over the same stores. */
async function world() {
  const manage = await manageWorld();
  const site = memorySite();
  let read: string[] = [];
  const status = {
    ...manage.status,
    listUpdates: (pageId: string, incidentId: string) => {
      read.push(incidentId);
      return manage.status.listUpdates(pageId, incidentId);
    },
  };
  const publish = () =>
    publishPage(PAGE.id, {
      status,
      site,
      clock: manage.deps.clock,
      random: manage.deps.random,
      pageUrl: "https://status.example.com",
      signUp: SIGN_UP,
      build: "one",
    });
  return {
    ...manage,
    publish,
    /** Incidents, a day apart, each over before the next began. */
    async past(count: number): Promise<string[]> {
      const ids: string[] = [];
      for (let each = 0; each < count; each += 1) {
        ids.push(await manage.resolvedIncident());
        manage.tick(24 * 60 * MINUTE);
      }
      return ids;
    },
    /** Incidents whose updates the last publication read. */
    async readBy(): Promise<string[]> {
      read = [];
      await publish();
      return read;
    },
    async atom() {
      await publish();
      const { feed } = atomSchema.parse(xml2js((await site.read("history.atom")) ?? "", { compact: true }));
      return {
        updated: feed.updated._text,
        ids: feed.entry.map(({ id }) => id._text.slice(-12)),
        times: feed.entry.map(({ updated }) => updated._text),
      };
    },
    async rssIds(): Promise<string[]> {
      await publish();
      const rss = (await site.read("history.rss")) ?? "";
      return [...rss.matchAll(/<guid[^>]*>[^<]*\/([a-z0-9]{12})<\/guid>/g)].map(([, id = ""]) => id);
    },
    /** What the banner says when the page last changed, in UTC. */
    async lastChange(): Promise<string> {
      await publish();
      const html = (await site.read("index.html")) ?? "";
      const banner = html.slice(html.indexOf('class="since"'));
      return new Date(/datetime="([^"]+)"/i.exec(banner)?.[1] ?? "").toISOString();
    },
  };
}

const iso = (instant: number) => new Date(instant).toISOString();

describe("news of an old incident", () => {
  test("with 26 younger ones it comes first in the feeds, once it moves on", async () => {
    const w = await world();
    const ids = await w.past(27);
    expect((await w.atom()).ids).toEqual(ids.slice(2).reverse());
    await w.patch(`/incidents/${ids[0]}`, { incident: { body: "What we found since." } });
    const news = START + 27 * 24 * 60 * MINUTE;
    const newest = [ids[0], ...ids.slice(3).reverse()];
    expect(await w.atom()).toMatchObject({ ids: newest, updated: iso(news) });
    expect(await w.rssIds()).toEqual(newest);
    expect((await w.atom()).times).toEqual((await w.atom()).times.toSorted().reverse());
  });

  test("a postmortem is news, until it is taken back; a correction, a name and metadata are none", async () => {
    const w = await world();
    const ids = await w.past(27);
    const [first, second] = ids;
    const path = `/incidents/${first}`;
    const before = await w.atom();
    const [update] = incidentAnswer.parse((await w.get(path)).json).incident_updates;
    await w.patch(`${path}/incident_updates/${update?.id}`, { incident_update: { body: "Over, at last." } });
    await w.patch(`/incidents/${second}`, { incident: { name: "Renamed", metadata: { a: { b: 1 } } } });
    expect(await w.atom()).toEqual(before);
    await w.put(`${path}/postmortem`, { postmortem: { body_draft: "Why." } });
    expect(await w.atom()).toEqual(before);
    await w.put(`${path}/postmortem/publish`);
    expect((await w.atom()).ids[0]).toBe(first);
    await w.put(`${path}/postmortem/revert`);
    expect(await w.atom()).toEqual(before);
  });

  test("an update that is said to be of another time stands where that time is; a withdrawn incident nowhere", async () => {
    const w = await world();
    const ids = await w.past(27);
    const before = (await w.atom()).ids;
    await w.patch(`/incidents/${ids[0]}`, { incident: { body: "Long ago.", display_at: iso(START + MINUTE) } });
    expect((await w.atom()).ids).toEqual(before);
    await w.remove(`/incidents/${ids[26]}`);
    expect((await w.atom()).ids).toEqual(ids.slice(1, 26).reverse());
  });

  test("is found at a bounded cost, and stays in the feeds when months have gone by", async () => {
    const w = await world();
    const ids = await w.past(90);
    await w.patch(`/incidents/${ids[0]}`, { incident: { body: "What we found since." } });
    expect((await w.atom()).ids[0]).toBe(ids[0]);
    w.tick(60 * 24 * 60 * MINUTE);
    await w.component("A");
    await w.publish();
    await w.patch("", { page: { name: "Example" } });
    await w.publish();
    await w.post("/components", { component: { name: "B", status: "partial_outage" } });
    await w.publish();
    const path = `/components/${idOf(await w.post("/components", { component: { name: "C" } }))}`;
    await w.publish();
    await w.patch(path, { component: { status: "partial_outage" } });
    // The 50 of the lists and the old one of the feeds, each once.
    const read = await w.readBy();
    expect(read.toSorted()).toEqual([ids[0], ...ids.slice(40)].toSorted());
    expect((await w.atom()).ids[0]).toBe(ids[0]);
  });
});

describe("when the page last changed", () => {
  test("an update and a component's status move it; looks, names, places and metadata do not", async () => {
    const w = await world();
    const [a, b] = [await w.component("A"), await w.component("B")];
    const id = await w.incident();
    for (const change of [
      () => w.patch("", { page: { brand_colour: "#112233", locale: "de", name: "N", time_zone: "UTC" } }),
      () => w.patch(`/components/${a}`, { component: { name: "A1", description: "d", position: 7 } }),
      () => w.post("/component-groups", { component_group: { name: "G", components: [b] } }),
      () => w.patch(`/incidents/${id}`, { incident: { metadata: { a: { b: 1 } } } }),
      () => w.patch(`/incidents/${id}`, { incident: { status: "investigating" } }),
    ]) {
      w.tick(MINUTE);
      expect((await change()).status).toBeLessThan(300);
      expect(await w.lastChange()).toBe(iso(START));
    }
    w.tick(MINUTE);
    await w.patch(`/components/${a}`, { component: { status: "partial_outage" } });
    expect(await w.lastChange()).toBe(iso(START + 6 * MINUTE));
    w.tick(MINUTE);
    await w.patch(`/incidents/${id}`, { incident: { body: "On it." } });
    expect(await w.lastChange()).toBe(iso(START + 7 * MINUTE));
  });
});
