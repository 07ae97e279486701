import { expect, it } from "vitest";
import { localeOf } from "../../../functions/core/locale.ts";

it.each([
  ["de", "de"],
  ["DE", "de"],
  ["de_DE", "de"],
  ["de-AT", "de"],
  ["de_DE.UTF-8", "de"],
  [" En-gb ", "en"],
  ["fr", null],
  ["deutsch", null],
  ["", null],
])("%j is %s", (given, locale) => {
  expect(localeOf(given)).toBe(locale);
});
