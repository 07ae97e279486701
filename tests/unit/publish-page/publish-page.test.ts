import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Incident, Update } from "../../../functions/core/incident.ts";
import { withdraw } from "../../../functions/core/posting.ts";
import { MANIFEST_PATH, manifestSchema } from "../../../functions/publish-page/manifest.ts";
import { type PublishDeps, publishPage } from "../../../functions/publish-page/publish-page.ts";
import { memorySite } from "../../fakes/memory-site.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { SIGN_UP, SITE, seedCatalog, seedIncident, seedPage } from "../../fixtures/seed-incident.ts";
import { seedMaintenance } from "../../fixtures/template-sources.ts";

const PAGE_ID = seedPage.id;
const EVERY_FILE = [
  "404.html",
  "api/v2/components.json",
  "api/v2/incidents.json",
  "api/v2/incidents/unresolved.json",
  "api/v2/scheduled-maintenances.json",
  "api/v2/scheduled-maintenances/active.json",
  "api/v2/scheduled-maintenances/upcoming.json",
  "api/v2/status.json",
  "api/v2/summary.json",
  "apple-touch-icon-precomposed.png",
  "apple-touch-icon.png",
  "favicon.ico",
  "history",
  "history.atom",
  "history.rss",
  "history/",
  "index.html",
  "manifest.json",
  "robots.txt",
];

/** A page with its components, a bucket, and a clock that the test moves. */
async function world() {
  const status = memoryStatusStore({ putNotice: () => {} });
  const site = memorySite();
  const time = { now: Date.parse("2025-07-07T12:00:00Z") };
  let drawn = 0;
  const deps: PublishDeps = {
    status,
    site,
    signUp: SIGN_UP,
    clock: () => time.now,
    random: (count) => {
      drawn += 1;
      return Uint8Array.from({ length: count }, (_, index) => (index * 7 + drawn * 13) % 250);
    },
    pageUrl: SITE.pageUrl,
    build: "one",
  };
  await status.createPage({ ...seedPage, version: 1 });
  await status.saveCatalog(PAGE_ID, { ...seedCatalog, version: 0 }, null);

  async function commit(incident: Incident, update: Update | null, expectedVersion: number | null) {
    const outcome = await status.commitIncident({
      incident,
      expectedVersion,
      update,
      catalog: null,
      change: null,
      notice: null,
    });
    expect(outcome).toEqual({ outcome: "committed" });
  }

  return {
    status,
    site,
    deps,
    time,
    publish: () => publishPage(PAGE_ID, deps),
    /** Commits the seed's updates from the first to the last named, under the incident's own id or another. */
    async post(from: number, to: 1 | 2 | 3, id = "seedincident", createdAt: number | null = null) {
      for (let count = from; count <= to; count += 1) {
        const { incident, updates } = seedIncident(count === 1 ? 1 : count === 2 ? 2 : 3);
        const update = updates.at(-1);
        if (update === undefined) throw new Error("the seed has updates");
        const own = { ...incident, id, createdAt: createdAt ?? incident.createdAt };
        await commit(
          own,
          { ...update, incidentId: id, id: `${id.slice(0, 10)}u${count}` },
          count === 1 ? null : count - 1,
        );
      }
    },
    commit,
    async text(path: string) {
      return (await site.read(path)) ?? "";
    },
    changed(since: number) {
      return site.log.slice(since).map(({ did, path }) => `${did} ${path}`);
    },
  };
}

type World = Awaited<ReturnType<typeof world>>;

/** What the bucket should hold: a publication into an empty one. */
async function expectFresh(w: World) {
  const site = memorySite();
  await w.status.forgetPublication(PAGE_ID);
  await publishPage(PAGE_ID, { ...w.deps, site });
  const manifestOf = ({ files }: Pick<typeof site, "files">) =>
    manifestSchema.parse(JSON.parse(String(files.get(MANIFEST_PATH)?.body ?? "")));
  const othersOf = ({ files }: Pick<typeof site, "files">) =>
    Object.fromEntries([...files].filter(([path]) => path !== MANIFEST_PATH));
  expect(othersOf(w.site)).toEqual(othersOf(site));
  expect(manifestOf(w.site)).toEqual(manifestOf(site));
}

describe("publishing a page", () => {
  test("writes every file, data before what points to it, the manifest last", async () => {
    const w = await world();
    await w.post(1, 1);
    const seed = seedMaintenance();
    await w.commit(seed.incident, seed.updates[0] ?? null, null);
    expect(await w.publish()).toMatchObject({ outcome: "published", rounds: 1, removed: 0 });
    expect([...w.site.files.keys()].sort()).toEqual(
      [
        ...EVERY_FILE,
        "incidents/seedincident",
        "incidents/seedincident.json",
        "incidents/seedincident/",
        "incidents/maintenance1",
        "incidents/maintenance1.json",
        "incidents/maintenance1/",
      ].sort(),
    );
    const order = w.site.log.map(({ path }) => path);
    const last = (path: string) => order.lastIndexOf(path);
    expect(last("incidents/seedincident")).toBeLessThan(last("api/v2/summary.json"));
    expect(last("api/v2/summary.json")).toBeLessThan(last("index.html"));
    expect(order.at(-1)).toBe(MANIFEST_PATH);
  });

  test("the JSON tells what the tables hold", async () => {
    const w = await world();
    await w.post(1, 2);
    await w.publish();
    const unresolved = z.object({ incidents: z.array(z.object({ id: z.string(), status: z.string() })) });
    for (const path of ["api/v2/summary.json", "api/v2/incidents.json", "api/v2/incidents/unresolved.json"]) {
      expect(unresolved.parse(JSON.parse(await w.text(path))).incidents).toEqual([
        { id: "seedincident", status: "monitoring" },
      ]);
    }
    expect(w.site.files.get("incidents/seedincident")?.contentType).toBe("text/html; charset=utf-8");
    expect(w.site.files.get("api/v2/status.json")?.contentType).toBe("application/json; charset=utf-8");
    expect(await w.text("index.html")).toContain('<meta name="tocsin-version" content="4"/>');
  });

  test("is over at once when the files are current", async () => {
    const w = await world();
    await w.publish();
    const before = w.site.log.length;
    expect(await w.publish()).toEqual({ outcome: "current" });
    expect(w.site.log).toHaveLength(before);
  });

  test("of a page that is not there does nothing", async () => {
    const w = await world();
    expect(await publishPage("nosuchpage00", w.deps)).toEqual({ outcome: "no such page" });
    expect(w.site.log).toEqual([]);
  });

  test("writes only what changed", async () => {
    const w = await world();
    await w.post(1, 3, "oldincident1", Date.parse("2025-06-01T10:00:00Z"));
    await w.publish();
    const before = w.site.log.length;
    await w.post(1, 1);
    await w.publish();
    const changed = w.changed(before);
    expect(changed).toContain("write incidents/seedincident");
    expect(changed).toContain("write index.html");
    expect(changed).not.toContain("write incidents/oldincident1");
    expect(changed).not.toContain("write 404.html");
  });

  test("removes a withdrawn incident everywhere", async () => {
    const w = await world();
    await w.post(1, 1);
    await w.publish();
    const incident = await w.status.getIncident(PAGE_ID, "seedincident");
    if (incident === null) throw new Error("it was posted");
    expect(await w.status.commitIncident(withdraw(incident, w.time.now))).toEqual({ outcome: "committed" });
    expect(await w.publish()).toMatchObject({ outcome: "published", removed: 3 });
    expect([...w.site.files.keys()].sort()).toEqual(EVERY_FILE);
    for (const [path, { body }] of w.site.files)
      expect([path, String(body).includes("seedincident")]).toEqual([path, false]);
  });

  test("writes everything anew when the bucket was lost", async () => {
    const w = await world();
    await w.post(1, 3);
    await w.publish();
    for (const path of [...w.site.files.keys()]) await w.site.remove(path);
    await w.status.forgetPublication(PAGE_ID);
    await w.publish();
    expect([...w.site.files.keys()]).toContain("incidents/seedincident");
    await expectFresh(w);
  });
});

describe("years of history", () => {
  const OLD = 70;
  async function withHistory() {
    const w = await world();
    for (let index = 0; index < OLD; index += 1) {
      const createdAt = Date.parse("2024-01-01T00:00:00Z") + index * 86_400_000;
      await w.post(
        1,
        3,
        `oldincident${String.fromCharCode(97 + (index % 26))}`.slice(0, 10) + String(index).padStart(2, "0"),
        createdAt,
      );
    }
    // Older than what the index tells of, so that only the lists' length decides.
    w.time.now = Date.parse("2026-01-01T00:00:00Z");
    await w.publish();
    let reads = 0;
    const listUpdates = w.status.listUpdates.bind(w.status);
    w.deps.status = {
      ...w.status,
      listUpdates: (pageId, incidentId) => {
        reads += 1;
        return listUpdates(pageId, incidentId);
      },
    };
    return { ...w, reads: () => reads };
  }

  test("is written once and then stands, read no more than the lists need", async () => {
    const w = await withHistory();
    expect([...w.site.files.keys()].filter((path) => path.startsWith("incidents/"))).toHaveLength(3 * OLD);
    await w.post(1, 1);
    await w.publish();
    expect(w.reads()).toBe(50);
    const catalog = await w.status.getCatalog(PAGE_ID);
    const components = catalog.components.map((one) => ({
      ...one,
      status: "major_outage" as const,
      updatedAt: w.time.now,
    }));
    await w.status.saveCatalog(PAGE_ID, { ...catalog, components }, null);
    await w.publish();
    expect(w.reads()).toBe(100);
    expect([...w.site.files.keys()].filter((path) => path.startsWith("incidents/"))).toHaveLength(3 * OLD + 3);
    await expectFresh(w);
  });

  test("is written anew when the templates, the page's name or its components' names change", async () => {
    const w = await withHistory();
    const page = await w.status.getPage(PAGE_ID);
    if (page === null) throw new Error("the page is there");
    await w.status.savePage({ ...page, name: "Another name" });
    await w.publish();
    expect(w.reads()).toBe(OLD);
    expect(await w.text("incidents/oldinciden00")).toContain("Another name");

    await w.status.savePage({ ...page, name: "Another name", version: page.version + 1 });
    await publishPage(PAGE_ID, { ...w.deps, build: "two" });
    expect(w.reads()).toBe(2 * OLD);
  });

  test("is told of again when an old incident changes", async () => {
    const w = await withHistory();
    const incident = await w.status.getIncident(PAGE_ID, "oldinciden00");
    if (incident === null) throw new Error("it was posted");
    await w.commit({ ...incident, version: incident.version + 1, name: "Renamed" }, null, incident.version);
    await w.publish();
    expect(await w.text("incidents/oldinciden00")).toContain("Renamed");
    await expectFresh(w);
  });
});

describe("another build or another setting", () => {
  test("makes the files anew, though the page is at the version that they show", async () => {
    const w = await world();
    await w.post(1, 1);
    await w.publish();
    expect(await w.publish()).toEqual({ outcome: "current" });

    const elsewhere = { ...w.deps, build: "two", pageUrl: "https://status.example.org" };
    expect(await publishPage(PAGE_ID, elsewhere)).toMatchObject({ outcome: "published", rounds: 1 });
    expect(await w.text("index.html")).toContain("https://status.example.org");
    expect(await w.text("history.atom")).toContain("https://status.example.org");
    expect(await publishPage(PAGE_ID, elsewhere)).toEqual({ outcome: "current" });
  });

  test("whose files are the same writes none of them", async () => {
    const w = await world();
    await w.publish();
    const since = w.site.log.length;
    expect(await publishPage(PAGE_ID, { ...w.deps, build: "two" })).toMatchObject({ outcome: "published", removed: 0 });
    expect(w.changed(since)).toEqual(["write manifest.json"]);
  });
});

describe("publishing while others do", () => {
  test("a change during the writing makes another round, and none is lost", async () => {
    const w = await world();
    await w.post(1, 1);
    let posted = false;
    w.site.beforeChange(async (path) => {
      if (path !== "index.html" || posted) return;
      posted = true;
      await w.post(2, 2);
    });
    expect(await w.publish()).toMatchObject({ outcome: "published", rounds: 2 });
    expect(await w.text("index.html")).toContain("Monitoring");
    await expectFresh(w);
  });

  test("whoever comes second leaves it to the holder, who sees the change", async () => {
    const w = await world();
    await w.post(1, 1);
    let second: unknown = null;
    w.site.beforeChange(async (path) => {
      if (path !== "index.html" || second !== null) return;
      await w.post(2, 2);
      second = await w.publish();
    });
    const first = await w.publish();
    expect(second).toEqual({ outcome: "busy" });
    expect(first).toMatchObject({ outcome: "published", rounds: 2 });
    expect((await w.status.getPublication(PAGE_ID)).version).toBe((await w.status.getPage(PAGE_ID))?.version);
  });

  test("a holder that lost its lease stops writing", async () => {
    const w = await world();
    await w.post(1, 1);
    let taken = false;
    w.site.beforeChange(async (path) => {
      if (taken || !path.startsWith("incidents/")) return;
      taken = true;
      w.time.now += 70_000;
      await w.status.leasePublication(PAGE_ID, "another", w.time.now, w.time.now + 65_000);
    });
    expect(await w.publish()).toEqual({ outcome: "lost" });
    expect(w.site.files.has("index.html")).toBe(false);
  });

  test("long work keeps its lease", async () => {
    const w = await world();
    await w.post(1, 1);
    w.site.beforeChange(async () => {
      w.time.now += 5_000;
    });
    expect(await w.publish()).toMatchObject({ outcome: "published" });
  });
});

describe("a publication that is cut short", () => {
  test("anywhere, is made good by the next, which may begin at once", async () => {
    const complete = await world();
    await complete.post(1, 1);
    await complete.publish();
    const steps = complete.site.log.length;
    for (const effect of ["before", "after"] as const) {
      for (let nth = 1; nth <= steps; nth += 1) {
        const w = await world();
        await w.post(1, 1);
        w.site.failAt({ nth, effect });
        await expect(w.publish()).rejects.toThrow("the bucket did not answer");
        w.site.failAt(null);
        expect(await w.publish()).toMatchObject({ outcome: "published" });
        await expectFresh(w);
      }
    }
  });

  test("leaves no file behind of an incident withdrawn meanwhile, nor a stale one of a change undone", async () => {
    const w = await world();
    await w.publish();
    await w.post(1, 1);
    w.site.failAt({ nth: 12, effect: "after" });
    await expect(w.publish()).rejects.toThrow();
    w.site.failAt(null);
    const incident = await w.status.getIncident(PAGE_ID, "seedincident");
    if (incident === null) throw new Error("it was posted");
    await w.status.commitIncident(withdraw(incident, w.time.now));
    await w.publish();
    expect([...w.site.files.keys()].sort()).toEqual(EVERY_FILE);
    for (const { body } of w.site.files.values()) expect(body).not.toContain("seedincident");
  });

  test("leaves a manifest that reads as one", async () => {
    const w = await world();
    await w.post(1, 1);
    await w.publish();
    const manifest = manifestSchema.parse(JSON.parse(await w.text(MANIFEST_PATH)));
    expect(Object.keys(manifest.files).sort()).toEqual(
      [...w.site.files.keys()].filter((path) => path !== MANIFEST_PATH).sort(),
    );
    expect(manifest.incidents).toEqual({ seedincident: 1 });
  });

  test("a manifest that cannot be read is as good as none", async () => {
    const w = await world();
    await w.site.write({ path: MANIFEST_PATH, body: "{", contentType: "", cacheControl: "" });
    expect(await w.publish()).toMatchObject({ outcome: "published" });
    await expectFresh(w);
  });
});
