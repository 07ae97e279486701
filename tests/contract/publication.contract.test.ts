import { expect, it } from "vitest";
import { NOW } from "./samples.ts";
import { describeStatus } from "./status-subject.ts";

describeStatus("publication of a page", (withPage) => {
  it("lends the publishing lease to one at a time", async () => {
    const { store, pageId } = await withPage();
    expect(await store.getPublication(pageId)).toEqual({ version: 0, build: "", leaseUntil: 0 });
    const asked = ["a", "b", "c", "d"].map((holder) => store.leasePublication(pageId, holder, NOW, NOW + 100));
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome);
    expect(outcomes.sort()).toEqual(["busy", "busy", "busy", "leased"]);
    expect(await store.leasePublication(pageId, "e", NOW + 99, NOW + 200)).toEqual({ outcome: "busy" });
    expect(await store.leasePublication(pageId, "e", NOW + 100, NOW + 200)).toEqual({ outcome: "leased" });
    expect(await store.leasePublication(pageId, "e", NOW + 101, NOW + 300)).toEqual({ outcome: "leased" });
    expect(await store.getPublication(pageId)).toEqual({ version: 0, build: "", leaseUntil: NOW + 300 });
  });

  it("records a publication only for the lease's holder and the page's present version", async () => {
    const { store, page, pageId } = await withPage();
    await store.leasePublication(pageId, "a", NOW, NOW + 100);
    await store.savePage(page);
    expect(await store.finishPublication(pageId, "a", { version: 1, build: "one" })).toEqual({ outcome: "stale" });
    expect(await store.leasePublication(pageId, "b", NOW + 50, NOW + 150)).toEqual({ outcome: "busy" });
    expect(await store.leasePublication(pageId, "b", NOW + 100, NOW + 200)).toEqual({ outcome: "leased" });
    expect(await store.finishPublication(pageId, "a", { version: 2, build: "one" })).toEqual({ outcome: "lost" });
    expect(await store.finishPublication(pageId, "b", { version: 2, build: "one" })).toEqual({ outcome: "finished" });
    expect(await store.getPublication(pageId)).toEqual({ version: 2, build: "one", leaseUntil: 0 });
    expect(await store.finishPublication(pageId, "b", { version: 2, build: "one" })).toEqual({ outcome: "lost" });
    expect(await store.leasePublication(pageId, "c", NOW, NOW + 100)).toEqual({ outcome: "leased" });
    expect(await store.getPublication(pageId)).toMatchObject({ version: 2, build: "one" });
  });

  it("forgets what was published, and with it whoever is publishing", async () => {
    const { store, pageId } = await withPage();
    await store.leasePublication(pageId, "a", NOW, NOW + 100);
    await store.forgetPublication(pageId);
    expect(await store.finishPublication(pageId, "a", { version: 1, build: "one" })).toEqual({ outcome: "lost" });
    expect(await store.getPublication(pageId)).toEqual({ version: 0, build: "", leaseUntil: 0 });
  });
});
