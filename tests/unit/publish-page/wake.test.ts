import { describe, expect, test } from "vitest";
import { inParallel } from "../../../functions/lambda/in-parallel.ts";
import { oncePerPage, pageIdOfKeys } from "../../../functions/publish-page/wake.ts";

describe("what wakes the publisher", () => {
  test("a stream record names the page in its key", () => {
    expect(pageIdOfKeys({ pk: { S: "PAGE#dracooncloud" }, sk: { S: "PAGE" } })).toBe("dracooncloud");
  });

  test.each([
    ["another item", { pk: { S: "PAGE#dracooncloud" }, sk: { S: "CATALOG" } }],
    ["no key", undefined],
    ["an id that is none", { pk: { S: "PAGE#../../etc" }, sk: { S: "PAGE" } }],
  ])("%s is refused", (_, keys) => {
    expect(() => pageIdOfKeys(keys)).toThrow();
  });

  test("a batch publishes each page once, and all its records share how that ended", async () => {
    const asked: string[] = [];
    const once = oncePerPage(async (pageId) => {
      asked.push(pageId);
      if (pageId === "badpage00000") throw new Error("no bucket");
      return pageId;
    });
    await Promise.all([once("dracooncloud"), once("dracooncloud")]);
    await expect(once("badpage00000")).rejects.toThrow("no bucket");
    await expect(once("badpage00000")).rejects.toThrow("no bucket");
    expect(asked).toEqual(["dracooncloud", "badpage00000"]);
  });
});

describe("in parallel", () => {
  test("results keep the order of the items, and no more than the limit run at once", async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 2, 3], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, item));
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  test("a failure is thrown once nothing runs any more", async () => {
    const ended: number[] = [];
    const run = inParallel([1, 2, 3, 4], 2, async (item) => {
      if (item === 1) throw new Error("first");
      await new Promise((resolve) => setTimeout(resolve, 2));
      ended.push(item);
    });
    await expect(run).rejects.toThrow("first");
    expect(ended).toEqual([2, 3, 4]);
  });
});
