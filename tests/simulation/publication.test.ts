import { expect, it } from "vitest";
import { huntPublication, PUBLICATION_MUTANTS } from "./publication.ts";

const SEED = 20_261_124;

it("publishes the page as it stands, in whatever order publishers and commits meet", async () => {
  expect(await huntPublication(null, SEED, 60)).toEqual({ runs: 60, broke: null });
});

it.each(Object.entries(PUBLICATION_MUTANTS))("notices %s", async (_, mutation) => {
  expect((await huntPublication(mutation, SEED, 500)).broke).not.toBeNull();
});
