import { expect, it } from "vitest";
import { NO_BRANDING, type Page } from "../../../functions/core/page.ts";
import { servedPageOf } from "../../../functions/subscription-api/page-of.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";

const PAGE: Page = {
  id: "examplepage1",
  name: "Example",
  locale: "en",
  branding: NO_BRANDING,
  timeZone: "Europe/Berlin",
  version: 1,
  createdAt: 1,
  updatedAt: 1,
};

function counted() {
  const store = memoryStatusStore({ putNotice: () => {} });
  const reads: string[] = [];
  const served = servedPageOf({
    getPage: (id) => {
      reads.push("get");
      return store.getPage(id);
    },
    listPages: () => {
      reads.push("list");
      return store.listPages();
    },
  });
  return { store, reads, served };
}

it("looks among all pages once, and then reads the one as it is now", async () => {
  const { store, reads, served } = counted();
  await store.createPage(PAGE);
  expect((await served()).name).toBe("Example");
  await store.savePage({ ...PAGE, name: "Renamed" });
  expect((await served()).name).toBe("Renamed");
  expect((await served()).name).toBe("Renamed");
  expect(reads).toEqual(["list", "get", "get"]);
});

it("is found once it was created, and not before", async () => {
  const { store, reads, served } = counted();
  await expect(served()).rejects.toMatchObject({ status: 503, headers: { "retry-after": "60" } });
  await store.createPage(PAGE);
  expect(await served()).toEqual(PAGE);
  expect(reads).toEqual(["list", "list"]);
});
