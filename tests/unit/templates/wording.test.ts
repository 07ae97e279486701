import { describe, expect, test } from "vitest";
import { affectedSentence } from "../../../functions/templates/affected-components.ts";
import { monthsOf } from "../../../functions/templates/strings/months-of.ts";
import { duration, newestFirst, postedTime, timeSpan, updateLabel } from "../../../functions/templates/wording.ts";
import { seedIncident } from "../../fixtures/seed-incident.ts";

const MINUTE = 60_000;
const BERLIN = { timeZone: "Europe/Berlin", locale: "en" } as const;
const GERMAN = { ...BERLIN, locale: "de" } as const;

describe("times", () => {
  const noon = Date.parse("2025-07-07T10:05:00Z");

  test("are told in the page's zone and in UTC", () => {
    expect(postedTime(noon, BERLIN)).toBe("Jul 07, 2025 - 12:05 CEST (10:05 UTC)");
    expect(postedTime(Date.parse("2025-12-07T10:05:00Z"), BERLIN)).toBe("Dec 07, 2025 - 11:05 CET (10:05 UTC)");
  });

  test("tell the UTC date where it is another day", () => {
    expect(postedTime(Date.parse("2025-07-07T23:30:00Z"), BERLIN)).toBe(
      "Jul 08, 2025 - 01:30 CEST (Jul 07, 2025 - 23:30 UTC)",
    );
  });

  test("are told once on a UTC page", () => {
    expect(postedTime(noon, { ...BERLIN, timeZone: "UTC" })).toBe("Jul 07, 2025 - 10:05 UTC");
  });

  test("of a maintenance are a span, over midnight too", () => {
    const until = noon + 90 * MINUTE;
    expect(timeSpan(noon, until, BERLIN)).toBe("Jul 07, 2025 - 12:05 to 13:35 CEST (10:05 to 11:35 UTC)");
    expect(timeSpan(Date.parse("2025-07-10T20:00:00Z"), Date.parse("2025-07-10T22:30:00Z"), BERLIN)).toBe(
      "Jul 10, 2025 - 22:00 to Jul 11, 2025 - 00:30 CEST (20:00 to 22:30 UTC)",
    );
  });

  test.each([
    [20_000, "1 min"],
    [65 * MINUTE, "1 h 5 min"],
    [120 * MINUTE, "2 h"],
    [27 * 60 * MINUTE, "1 d 3 h"],
    [48 * 60 * MINUTE, "2 d"],
  ])("a duration of %d ms is %s", (milliseconds, text) => {
    expect(duration(milliseconds, "en")).toBe(text);
  });
});

test.each([
  ["en", "January February March April May June July August September October November December"],
  ["de", "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"],
])("Node knows the months in %s", (language, months) => {
  expect(monthsOf(language).join(" ")).toBe(months);
});

describe("in German", () => {
  const noon = Date.parse("2025-07-07T10:05:00Z");

  test("times have the German date and zone", () => {
    expect(postedTime(noon, GERMAN)).toBe("7. Juli 2025, 12:05 MESZ (10:05 UTC)");
    expect(postedTime(Date.parse("2025-12-31T23:30:00Z"), GERMAN)).toBe(
      "1. Januar 2026, 00:30 MEZ (31. Dezember 2025, 23:30 UTC)",
    );
    expect(timeSpan(Date.parse("2025-07-10T20:00:00Z"), Date.parse("2025-07-10T22:30:00Z"), GERMAN)).toBe(
      "10. Juli 2025, 22:00 bis 11. Juli 2025, 00:30 MESZ (20:00 bis 22:30 UTC)",
    );
    expect(duration(65 * MINUTE, "de")).toBe("1 Std. 5 Min.");
  });

  test("statuses and what was affected are told in German", () => {
    const { incident, updates, catalog } = seedIncident(1);
    const [update] = updates;
    if (update === undefined) throw new Error("one update");
    expect(updateLabel(update, updates, "de")).toBe("Wird untersucht");
    expect(affectedSentence({ ...incident, affected: { component001: "major_outage" } }, updates, catalog, "de")).toBe(
      "Von dieser Störung sind betroffen: Authentication.",
    );
  });
});

describe("updates", () => {
  test("one that repeats the status is an Update", () => {
    const { updates } = seedIncident(2);
    const [first, second] = updates;
    if (first === undefined || second === undefined) throw new Error("two updates");
    expect(updateLabel(first, updates, "en")).toBe("Investigating");
    expect(updateLabel(second, updates, "en")).toBe("Monitoring");
    const repeated = { ...second, status: first.status };
    expect(updateLabel(repeated, [first, repeated], "en")).toBe("Update");
  });

  test("are newest first by the time they show", () => {
    const { updates } = seedIncident(3);
    const moved = updates.map((update, index) =>
      index === 0 ? { ...update, displayAt: update.displayAt + 1e9 } : update,
    );
    expect(newestFirst(updates).map(({ seq }) => seq)).toEqual([3, 2, 1]);
    expect(newestFirst(moved).map(({ seq }) => seq)).toEqual([1, 3, 2]);
  });
});

describe("the sentence of affected components", () => {
  const SENTENCE =
    "This incident affected: API (API (group 01), API (group 02), API (group 03), API (group 04), API (group 05), API (group 06), API (group 07), API (group 08), API (group 09)) and Authentication, Web App, Branding, WebDAV, Signing, Virus protection, Webhooks, DATEV.";

  test("names groups with their children, then what stands alone, in the order of the page", () => {
    const { incident, updates, catalog } = seedIncident();
    expect(affectedSentence(incident, updates, catalog, "en")).toBe(SENTENCE);
  });

  test("remembers components that have been deleted since", () => {
    const { incident, updates, catalog } = seedIncident();
    const components = catalog.components.filter(({ name }) => name !== "DATEV");
    expect(affectedSentence(incident, updates, { ...catalog, components }, "en")).toBe(SENTENCE);
  });

  test("is not there when nothing was affected", () => {
    const { incident, updates, catalog } = seedIncident();
    expect(affectedSentence({ ...incident, affected: {} }, updates, catalog, "en")).toBeNull();
  });
});
