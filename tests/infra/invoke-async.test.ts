import { expect, it } from "vitest";
import { invokeAsync } from "../../infra/local/invoke-async.ts";

/** A function that fails so many times. */
function failing(times: number, asyncRetries: number) {
  const invoked: unknown[] = [];
  const invoke = async (payload: unknown) => {
    invoked.push(payload);
    if (invoked.length <= times) throw new Error("failed");
  };
  return { target: { invoke, asyncRetries }, invoked };
}

it.each([
  ["twice, as Lambda does of its own accord", 5, 2, 3, [60_000, 120_000]],
  ["until it succeeds", 1, 2, 2, [60_000]],
  ["never, where its EventInvokeConfig says so", 5, 0, 1, []],
  ["not what succeeded", 0, 2, 1, []],
])("runs an asynchronous invocation again that failed: %s", async (_, times, retries, runs, waits) => {
  const { target, invoked } = failing(times, retries);
  const waited: number[] = [];
  await invokeAsync(target, "payload", async (milliseconds) => {
    waited.push(milliseconds);
    return true;
  });
  expect(invoked).toEqual(Array.from({ length: runs }, () => "payload"));
  expect(waited).toEqual(waits);
});

it("ends with the stack", async () => {
  const { target, invoked } = failing(5, 2);
  await invokeAsync(target, "payload", async () => false);
  expect(invoked).toHaveLength(1);
});
