import { expect, it } from "vitest";
import { changeStatus } from "../../functions/core/component-change.ts";
import { updateTellingSchema } from "../../functions/core/incident.ts";
import { headerCommit, postUpdate } from "../../functions/core/posting.ts";
import { commitWithRetry } from "../../functions/manage-api/incidents/commit-with-retry.ts";
import { aComponent, anId, anIncident, aPage, NOW, opening, ready } from "./samples.ts";
import { anUpdate, describeStatus, opened } from "./status-subject.ts";

describeStatus("status store", (withPage) => {
  it("keeps a page and lists it", async () => {
    const { store, page } = await withPage();
    expect(await store.getPage(page.id)).toEqual(page);
    expect(await store.listPages()).toContainEqual(page);
    expect(await store.createPage(page)).toEqual({ outcome: "exists" });
    expect(await store.getPage(anId())).toBeNull();
  });

  it("saves settings only over the version they were read with", async () => {
    const { store, page } = await withPage();
    expect(await store.savePage({ ...page, name: "First" })).toEqual({ outcome: "committed" });
    expect(await store.savePage({ ...page, name: "Second" })).toEqual({ outcome: "conflict" });
    expect(await store.getPage(page.id)).toMatchObject({ name: "First", version: 2 });
    expect(await store.savePage(aPage())).toEqual({ outcome: "conflict" });
  });

  it("keeps the catalog under its version and raises the page's", async () => {
    const { store, pageId, version } = await withPage();
    expect(await store.getCatalog(pageId)).toEqual({ version: 0, components: [], groups: [] });
    const component = aComponent({ updatedAt: NOW + 5, statusSince: NOW + 4 });
    const deleted = [{ id: "deletedcompo", at: NOW }];
    const catalog = { version: 0, components: [component], groups: [], deleted };
    expect(await store.saveCatalog(pageId, catalog, null)).toEqual({ outcome: "committed" });
    expect(await store.saveCatalog(pageId, catalog, null)).toEqual({ outcome: "conflict" });
    expect(await store.getCatalog(pageId)).toEqual({ ...catalog, version: 1 });
    expect(await store.saveCatalog(pageId, { ...catalog, version: 1, components: [] }, null)).toEqual({
      outcome: "committed",
    });
    expect(await store.getCatalog(pageId)).toEqual({ version: 2, components: [], groups: [], deleted });
    expect(await version()).toBe(3);
    expect(await store.getPage(pageId)).toMatchObject({ updatedAt: NOW + 5 });
  });

  it("lists component changes since an instant, oldest first", async () => {
    const { store, pageId } = await withPage();
    const component = aComponent();
    const ats = [NOW + 30, NOW + 10, NOW + 10, NOW + 20];
    for (const [version, at] of ats.entries()) {
      const change = {
        id: component.id,
        name: component.name,
        oldStatus: "operational",
        newStatus: "major_outage",
      } as const;
      const catalog = { version, components: [component], groups: [] };
      const outcome = await store.saveCatalog(pageId, catalog, { pageId, at, incidentId: null, changes: [change] });
      expect(outcome).toEqual({ outcome: "committed" });
    }
    expect((await store.listChanges(pageId, NOW)).map(({ at }) => at - NOW)).toEqual([10, 10, 20, 30]);
    expect((await store.listChanges(pageId, NOW + 20)).map(({ at }) => at - NOW)).toEqual([20, 30]);
  });

  it("puts the notice of a change without an incident into the ledger, with the catalog or not at all", async () => {
    const { store, notice, pageId } = await withPage();
    const component = aComponent();
    await store.saveCatalog(pageId, { version: 0, components: [component], groups: [] }, null);
    const noticeId = anId();
    const { catalog, change } = changeStatus(
      await store.getCatalog(pageId),
      { pageId, componentId: component.id, status: "major_outage", noticeId },
      NOW + 5,
    );
    expect(await store.saveCatalog(pageId, { ...catalog, version: 7 }, change)).toEqual({ outcome: "conflict" });
    expect(await notice(pageId, noticeId)).toBeNull();

    expect(await store.saveCatalog(pageId, catalog, change)).toEqual({ outcome: "committed" });
    expect(await notice(pageId, noticeId)).toEqual({
      kind: "component change",
      pageId,
      subject: { kind: "component", id: component.id },
      updateId: noticeId,
      seq: 2,
      state: "unplanned",
      committedAt: NOW + 5,
      plannedAt: null,
      plan: null,
      change: { id: component.id, name: component.name, oldStatus: "operational", newStatus: "major_outage" },
    });
    expect(await store.listChanges(pageId, 0)).toEqual([change]);

    const again = await store.saveCatalog(pageId, { ...catalog, version: 2 }, change);
    expect(again).toEqual({ outcome: "conflict" });
    expect(await store.getCatalog(pageId)).toMatchObject({ version: 2 });
  });

  it("writes incident, update, catalog, change, page version and notice as one", async () => {
    const { store, notice, pageId, version } = await withPage();
    const component = aComponent();
    await store.saveCatalog(pageId, { version: 0, components: [component], groups: [] }, null);
    const input = anIncident(pageId, {
      components: { [component.id]: "partial_outage" },
      metadata: { jira: { key: "OPS-1", weight: 1e21, none: null, deep: [{ a: "" }] } },
    });
    const commit = opening(input, NOW + 1, await store.getCatalog(pageId));
    expect(await store.commitIncident(commit)).toEqual({ outcome: "committed" });

    expect(await store.getIncident(pageId, input.incidentId)).toEqual(commit.incident);
    expect(await store.listUpdates(pageId, input.incidentId)).toEqual([commit.update]);
    const stored = await store.getCatalog(pageId);
    expect(stored).toMatchObject({ version: 2, components: [{ id: component.id, status: "partial_outage" }] });
    expect(await store.listChanges(pageId, NOW)).toEqual([commit.change]);
    expect(await notice(pageId, input.updateId)).toEqual(commit.notice);
    expect(await version()).toBe(3);
    expect(await store.getPage(pageId)).toMatchObject({ updatedAt: NOW + 1 });
  });

  it("tells `exists` from `conflict`, and then writes nothing at all", async () => {
    const { store, notice, pageId, version } = await withPage();
    const { incident } = await opened(store, pageId);
    const before = await version();

    const again = opening(anIncident(pageId, { incidentId: incident.id, name: "Another" }));
    expect(await store.commitIncident(again)).toEqual({ outcome: "exists" });
    const late = ready(
      postUpdate({ ...incident, version: 7, seq: 7 }, anUpdate(), await store.getCatalog(pageId), NOW),
    );
    expect(await store.commitIncident(late)).toEqual({ outcome: "conflict" });
    const orphan = ready(postUpdate({ ...incident, id: anId() }, anUpdate(), await store.getCatalog(pageId), NOW));
    expect(await store.commitIncident(orphan)).toEqual({ outcome: "conflict" });

    expect(await store.getIncident(pageId, incident.id)).toEqual(incident);
    expect(await store.listUpdates(pageId, incident.id)).toHaveLength(1);
    for (const commit of [again, late, orphan]) {
      expect(await notice(pageId, commit.update?.id ?? "")).toBeNull();
    }
    expect(await version()).toBe(before);
  });

  it("is in conflict when the catalog has moved on, and keeps notice and update out together", async () => {
    const { store, notice, pageId, version } = await withPage();
    const component = aComponent();
    await store.saveCatalog(pageId, { version: 0, components: [component], groups: [] }, null);
    const stale = await store.getCatalog(pageId);
    await store.saveCatalog(pageId, stale, null);
    const before = await version();
    const input = anIncident(pageId, { components: { [component.id]: "major_outage" } });
    expect(await store.commitIncident(opening(input, NOW, stale))).toEqual({ outcome: "conflict" });
    expect(await store.getIncident(pageId, input.incidentId)).toBeNull();
    expect(await store.listUpdates(pageId, input.incidentId)).toEqual([]);
    expect(await notice(pageId, input.updateId)).toBeNull();
    expect(await version()).toBe(before);
  });

  it("announces one update once only", async () => {
    const { store, pageId } = await withPage();
    const { incident, update } = await opened(store, pageId);
    const twice = postUpdate(incident, anUpdate({ updateId: update.id }), await store.getCatalog(pageId), NOW);
    expect(await store.commitIncident(ready(twice))).toEqual({ outcome: "conflict" });
  });

  it("refuses to commit to a page that is not there", async () => {
    const { store } = await withPage();
    await expect(store.commitIncident(opening(anIncident(anId())))).rejects.toThrow("no page");
  });

  it("gives thirty parallel posts consecutive numbers without gap or double", async () => {
    const { store, notice, pageId, version } = await withPage();
    const component = aComponent();
    await store.saveCatalog(pageId, { version: 0, components: [component], groups: [] }, null);
    const { incident } = await opened(store, pageId);
    const before = (await version()) ?? 0;
    const deps = {
      status: store,
      sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms / 10)),
      jitter: Math.random,
    };
    const ids = Array.from({ length: 30 }, anId);

    async function post(updateId: string, index: number): Promise<void> {
      const status = index % 2 === 0 ? "partial_outage" : "major_outage";
      const result = await commitWithRetry(deps, async () => {
        const [present, catalog] = await Promise.all([
          store.getIncident(pageId, incident.id),
          store.getCatalog(pageId),
        ]);
        if (present === null) throw new Error("the incident is there");
        return postUpdate(present, anUpdate({ updateId, components: { [component.id]: status } }), catalog, NOW);
      });
      if (result.outcome === "conflict") return post(updateId, index);
      expect(result.outcome).toBe("committed");
    }
    await Promise.all(ids.map(post));

    const updates = await store.listUpdates(pageId, incident.id);
    expect(updates.map(({ seq }) => seq)).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
    expect(
      updates
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ids].sort());
    const stored = await store.getIncident(pageId, incident.id);
    expect(stored).toMatchObject({ seq: 31, version: 31 });
    expect(await version()).toBe(before + 30);
    for (const update of updates) expect(await notice(pageId, update.id)).toMatchObject({ seq: update.seq });
    // Each change starts from what the one before left.
    const changes = (await store.listChanges(pageId, 0)).filter(({ incidentId }) => incidentId !== null);
    expect((await store.getCatalog(pageId)).version).toBe(1 + changes.length);
  });

  it("tells of each update what decides who is told, whatever is edited and whatever comes later", async () => {
    const { store, pageId } = await withPage();
    const { incident } = await opened(store, pageId);
    const expected = async () =>
      (await store.listUpdates(pageId, incident.id)).map((update) => updateTellingSchema.parse(update));
    expect(await store.listTellings(pageId, incident.id)).toEqual(await expected());
    for (let seq = 2; seq <= 12; seq += 1) {
      const present = await store.getIncident(pageId, incident.id);
      if (present === null) throw new Error("the incident is there");
      const posted = postUpdate(present, anUpdate({ components: {} }), await store.getCatalog(pageId), NOW + seq);
      if (posted.outcome !== "ready") throw new Error(posted.outcome);
      await store.commitIncident(posted.commit);
      // Twice: what was seen before is not asked for again.
      expect(await store.listTellings(pageId, incident.id)).toHaveLength(seq);
      expect(await store.listTellings(pageId, incident.id)).toEqual(await expected());
    }
    const [first] = await store.listUpdates(pageId, incident.id);
    const present = await store.getIncident(pageId, incident.id);
    if (first === undefined || present === null) throw new Error("the incident is there");
    const edited = { ...present, version: present.version + 1 };
    await store.editUpdate({ ...first, body: "Corrected.", displayAt: NOW + 99 }, edited, present.version);
    expect(await store.listTellings(pageId, incident.id)).toEqual(await expected());
    expect(JSON.stringify(await store.listTellings(pageId, incident.id))).not.toContain(first.body);
    expect(await store.listTellings(pageId, anId())).toEqual([]);
  });

  it("changes the header alone without an update", async () => {
    const { store, pageId, version } = await withPage();
    const { incident } = await opened(store, pageId);
    const before = (await version()) ?? 0;
    const renamed = headerCommit({ ...incident, name: "Payments are slow" }, NOW + 1);
    expect(await store.commitIncident(renamed)).toEqual({ outcome: "committed" });
    expect(await store.commitIncident(renamed)).toEqual({ outcome: "conflict" });
    expect(await store.getIncident(pageId, incident.id)).toEqual(renamed.incident);
    expect(await version()).toBe(before + 1);
  });

  it("edits text and display time of an update, and nothing else of it", async () => {
    const { store, pageId, version } = await withPage();
    const { incident, update } = await opened(store, pageId);
    const before = (await version()) ?? 0;
    const edited = { ...update, body: "Corrected.", displayAt: NOW - 60_000, updatedAt: NOW + 5 };
    const header = { ...incident, version: incident.version + 1, updatedAt: NOW + 5 };
    expect(await store.editUpdate({ ...edited, status: "resolved" }, header, incident.version)).toEqual({
      outcome: "committed",
    });
    expect(await store.listUpdates(pageId, incident.id)).toEqual([edited]);
    expect(await store.getIncident(pageId, incident.id)).toEqual(header);
    expect(await version()).toBe(before + 1);

    expect(await store.editUpdate(edited, header, incident.version)).toEqual({ outcome: "conflict" });
    const unknown = { ...edited, id: anId() };
    const next = { ...header, version: header.version + 1 };
    expect(await store.editUpdate(unknown, next, header.version)).toEqual({ outcome: "conflict" });
    expect(await store.getIncident(pageId, incident.id)).toEqual(header);
  });
});
