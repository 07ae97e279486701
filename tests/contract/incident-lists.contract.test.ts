import { expect, it } from "vitest";
import type { Incident } from "../../functions/core/incident.ts";
import { postUpdate, withdraw } from "../../functions/core/posting.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import { anId, NOW, ready } from "./samples.ts";
import { anUpdate, describeStatus, opened } from "./status-subject.ts";

describeStatus("lists of incidents", (withPage) => {
  it("lists incidents newest first, page by page, each once", async () => {
    const { store, pageId } = await withPage();
    const ids: string[] = [];
    for (const age of [4, 1, 3, 3, 3, 2, 0]) ids.push((await opened(store, pageId, NOW - age * 1_000)).incident.id);
    const seen: Incident[] = [];
    let pages = 0;
    for (let cursor: string | null = null, more = true; more; pages += 1) {
      const { items, next } = await store.listIncidents(pageId, 2, cursor);
      seen.push(...items);
      cursor = next;
      more = next !== null;
    }
    expect(seen.map(({ createdAt }) => (NOW - createdAt) / 1_000)).toEqual([0, 1, 2, 3, 3, 3, 4]);
    expect(seen.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(pages).toBe(4);
    expect((await store.listIncidents(pageId, 7, null)).next).toBeNull();
    expect(await store.listIncidents(anId(), 7, null)).toEqual({ items: [], next: null });
    await expect(store.listIncidents(pageId, 2, "PAGE#x")).rejects.toThrow(InvalidCursorError);
  });

  it("lists what is unresolved, newest first, as it opens and closes", async () => {
    const { store, pageId } = await withPage();
    const first = await opened(store, pageId, NOW - 2_000);
    const second = await opened(store, pageId, NOW - 1_000);
    const unresolved = async () => (await store.listUnresolved(pageId)).map(({ id }) => id);
    expect(await unresolved()).toEqual([second.incident.id, first.incident.id]);
    const resolve = postUpdate(second.incident, anUpdate({ status: "resolved" }), await store.getCatalog(pageId), NOW);
    await store.commitIncident(ready(resolve));
    expect(await unresolved()).toEqual([first.incident.id]);
    const reopen = postUpdate(ready(resolve).incident, anUpdate(), await store.getCatalog(pageId), NOW);
    await store.commitIncident(ready(reopen));
    expect(await unresolved()).toEqual([second.incident.id, first.incident.id]);
  });

  it("hides a withdrawn incident from the lists, not from those who ask for it", async () => {
    const { store, pageId } = await withPage();
    const { incident } = await opened(store, pageId);
    await store.commitIncident(withdraw(incident, NOW + 9));
    expect(await store.listIncidents(pageId, 10, null)).toEqual({ items: [], next: null });
    expect(await store.listUnresolved(pageId)).toEqual([]);
    expect(await store.getIncident(pageId, incident.id)).toMatchObject({ withdrawnAt: NOW + 9, version: 2 });
    expect(await store.listUpdates(pageId, incident.id)).toHaveLength(1);
  });
});
