import { expect, it } from "vitest";
import { greatest, least } from "../../../functions/core/extremes.ts";

it("are found among any number of numbers", () => {
  const numbers = Array.from({ length: 200_000 }, (_, index) => index);
  expect([least(numbers), greatest(numbers)]).toEqual([0, 199_999]);
  expect([least(new Set([3, -2])), greatest([])]).toEqual([-2, null]);
});
