import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, it } from "vitest";
import { Activity } from "../../infra/local/activity.ts";
import { LocalFunction } from "../../infra/local/local-function.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { until } from "../fixtures/progress.ts";

const MODULE = `let invocations = 0;
export const handler = async ({ waitMs = 0, fail = false }) => {
  invocations += 1;
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  if (fail) throw new Error("as told");
  return invocations;
};`;
const log = { output: () => {}, problem: () => {}, close: async () => {} };
const later = afterTheTest();

let activity: Activity;
beforeEach(() => {
  activity = new Activity();
});

async function aFunction(keptIdleMs: number, code = MODULE): Promise<LocalFunction> {
  const folder = await temporaryFolder("function");
  later(folder.remove);
  const path = join(folder.path, "index.mjs");
  await writeFile(path, code);
  const props = {
    functionName: "counts",
    functionArn: "arn:aws:lambda:eu-central-1:000000000000:function:counts",
    modulePath: pathToFileURL(path).href,
    exportName: "handler",
    memorySize: 128,
    timeoutMs: 60_000,
    environment: {},
  };
  const made = new LocalFunction(props, log, activity, keptIdleMs);
  later(() => made.stop());
  return made;
}

const ended = (one: LocalFunction) => until("the worker's end", () => !one.isLoaded);

it("is loaded when it is first used, kept while it is used, ended when nobody uses it, and loaded again", async () => {
  const counts = await aFunction(1);
  expect(counts.isLoaded).toBe(false);
  // One is still at work when the other's answer is there.
  const [slow, quick] = await Promise.all([counts.invoke({ waitMs: 300 }), counts.invoke({})]);
  expect([slow, quick].sort()).toEqual([2, 2]);
  await ended(counts);
  expect(await counts.invoke({})).toBe(1);
  await ended(counts);
  expect(await Promise.all([counts.invoke({}), counts.invoke({})])).toEqual([2, 2]);
});

it("is ended after a failure and after a load of which no use was made", async () => {
  const counts = await aFunction(1);
  await expect(counts.invoke({ fail: true })).rejects.toThrow("as told");
  await ended(counts);
  await counts.ready();
  await ended(counts);
  expect(await counts.invoke({})).toBe(1);
});

it("stays once it is to be kept", async () => {
  const counts = await aFunction(1);
  counts.keepLoaded();
  expect(await counts.invoke({})).toBe(1);
  // As long as another takes to be loaded, used and ended.
  const other = await aFunction(1);
  await other.invoke({});
  await ended(other);
  expect(await counts.invoke({})).toBe(2);
});

it("says what keeps it from loading, and tries again", async () => {
  const broken = await aFunction(1, `throw new Error("no variable");`);
  await expect(broken.ready()).rejects.toThrow("no variable");
  await expect(broken.invoke({})).rejects.toThrow("did not load: no variable");
});

it("wakes whoever rests until something may have changed, when it begins and when it ends", async () => {
  const counts = await aFunction(1_000);
  await counts.ready();
  const signal = new AbortController().signal;
  // Nobody would wait for an hour.
  const [begun, running, result] = await Promise.all([
    activity.pause(3_600_000, signal).then(() => activity.running),
    activity.pause(3_600_000, signal),
    counts.invoke({ waitMs: 20 }),
  ]);
  expect([begun, running, result]).toEqual([true, true, 1]);
  expect(activity.running).toBe(false);
  const resting = activity.pause(3_600_000, signal);
  const again = counts.invoke({ waitMs: 20 });
  await resting;
  const untilItsEnd = activity.pause(3_600_000, signal);
  await Promise.all([again, untilItsEnd]);
  expect(activity.running).toBe(false);
  expect(await activity.pause(1, AbortSignal.abort())).toBe(false);
});
