import { expect, it } from "vitest";
import { storedTimeZoneSchema, timeZoneOf } from "../../../functions/core/time-zone.ts";
import { isoInZone } from "../../../functions/core/zoned-time.ts";

it.each([
  ["europe/berlin", "Europe/Berlin"],
  ["EUROPE/BERLIN ", "Europe/Berlin"],
  ["america/new york", "America/New_York"],
  ["america/port-au-prince", "America/Port-au-Prince"],
  ["africa/dar_es_salaam", "Africa/Dar_es_Salaam"],
  ["antarctica/dumontdurville", "Antarctica/DumontDUrville"],
  ["utc", "UTC"],
  ["etc/utc", "Etc/UTC"],
  ["etc/gmt+5", "Etc/GMT+5"],
  // Neither the name of today nor the one before is made into the other.
  ["europe/kyiv", "Europe/Kyiv"],
  ["Europe/Kiev", "Europe/Kiev"],
  ["asia/kolkata", "Asia/Kolkata"],
  ["asia/calcutta", "Asia/Calcutta"],
  ["america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"],
  ["us/eastern", "America/New_York"],
  ["gb", "Europe/London"],
])("%j is %s", (given, name) => {
  expect(timeZoneOf(given)).toBe(name);
  expect(isoInZone(0, name)).toMatch(/^19(?:70|69)-/);
});

it("leaves every name that Intl lists as it is", () => {
  for (const name of Intl.supportedValuesOf("timeZone")) {
    expect(timeZoneOf(name)).toBe(name);
    expect(timeZoneOf(name.toLowerCase())).toBe(name);
  }
});

it.each(["Berlin", "", "+02:00", "-05:00", "BST", "IST", "PST", "Europe/", "Europe/Berlin;x"])(
  "%j is none",
  (given) => {
    expect(timeZoneOf(given)).toBeNull();
  },
);

it("reads what an earlier version stored", () => {
  expect(storedTimeZoneSchema.parse("europe/berlin")).toBe("Europe/Berlin");
  expect(storedTimeZoneSchema.parse("+02:00")).toBe("+02:00");
});
