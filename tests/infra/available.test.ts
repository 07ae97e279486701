import { expect, it } from "vitest";
import { availableHere } from "../fixtures/available.ts";

it("what a test needs may be missing at home", () => {
  expect(availableHere("Chromium", false, false)).toBe(false);
  expect(availableHere("Chromium", true, false)).toBe(true);
});

it("but not in CI, where the run fails instead of skipping", () => {
  expect(() => availableHere("Chromium", false, true)).toThrow("CI needs Chromium");
  expect(availableHere("Chromium", true, true)).toBe(true);
});
