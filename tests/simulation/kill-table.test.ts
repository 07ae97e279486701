import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import { killMutant, MUTANT_NAMES } from "./kill-table.ts";
import { WRITTEN_SCENARIOS } from "./written-scenarios.ts";

it.each(Object.entries(WRITTEN_SCENARIOS))("breaks no promise: %s", async (_, written) => {
  expect((await judge(written)).broken).toEqual([]);
});

it.each(MUTANT_NAMES)("notices %s", async (mutant) => {
  expect((await killMutant(mutant)).broke).not.toBeNull();
});
