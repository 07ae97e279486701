import { describe, expect, test } from "vitest";
import { isoInZone, zonedTime } from "../../../functions/core/zoned-time.ts";

const INVESTIGATING = Date.UTC(2025, 6, 7, 10, 5);

describe("isoInZone", () => {
  test.each([
    ["Europe/Berlin", INVESTIGATING, "2025-07-07T12:05:00.000+02:00"],
    ["Europe/Berlin", Date.UTC(2025, 0, 1, 0, 30, 1, 7), "2025-01-01T01:30:01.007+01:00"],
    ["America/New_York", Date.UTC(2025, 0, 1, 0, 30), "2024-12-31T19:30:00.000-05:00"],
    ["Asia/Kolkata", INVESTIGATING, "2025-07-07T15:35:00.000+05:30"],
    ["America/St_Johns", INVESTIGATING, "2025-07-07T07:35:00.000-02:30"],
    ["Etc/UTC", INVESTIGATING, "2025-07-07T10:05:00.000Z"],
    ["UTC", INVESTIGATING, "2025-07-07T10:05:00.000Z"],
    ["Europe/London", Date.UTC(2025, 0, 1), "2025-01-01T00:00:00.000+00:00"],
  ])("in %s", (zone, instant, text) => {
    expect(isoInZone(instant, zone)).toBe(text);
  });

  test.each(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "Etc/UTC"])(
    "names the same instant, at every hour around the clock changes in %s",
    (zone) => {
      for (let hour = 0; hour < 24 * 366; hour += 7) {
        const instant = Date.UTC(2024, 0, 1, hour, 13, 59, 123);
        expect(Date.parse(isoInZone(instant, zone))).toBe(instant);
      }
    },
  );

  test("midnight is hour 00 and instants before 1970 keep their milliseconds", () => {
    expect(isoInZone(Date.UTC(2025, 6, 6, 22), "Europe/Berlin")).toBe("2025-07-07T00:00:00.000+02:00");
    expect(isoInZone(-1, "UTC")).toBe("1969-12-31T23:59:59.999Z");
  });

  test("an unknown zone throws", () => {
    expect(() => isoInZone(0, "Mars/Olympus")).toThrow(RangeError);
  });
});

describe("zonedTime", () => {
  const noon = { year: 2025, month: 7, day: 7 };
  test.each([
    ["Europe/Berlin", INVESTIGATING, { ...noon, time: "12:05", zone: "CEST" }],
    ["Europe/Berlin", Date.UTC(2025, 11, 1), { year: 2025, month: 12, day: 1, time: "01:00", zone: "CET" }],
    ["America/Los_Angeles", INVESTIGATING, { ...noon, time: "03:05", zone: "PDT" }],
    ["Europe/London", INVESTIGATING, { ...noon, time: "11:05", zone: "BST" }],
    ["Europe/London", Date.UTC(2025, 0, 1), { year: 2025, month: 1, day: 1, time: "00:00", zone: "GMT" }],
    ["Australia/Sydney", INVESTIGATING, { ...noon, time: "20:05", zone: "AEST" }],
    ["Asia/Kolkata", INVESTIGATING, { ...noon, time: "15:35", zone: "IST" }],
    ["Africa/Johannesburg", INVESTIGATING, { ...noon, time: "12:05", zone: "SAST" }],
    ["Asia/Kathmandu", INVESTIGATING, { ...noon, time: "15:50", zone: "UTC+5:45" }],
    ["America/Sao_Paulo", INVESTIGATING, { ...noon, time: "07:05", zone: "UTC-3" }],
    ["UTC", INVESTIGATING, { ...noon, time: "10:05", zone: "UTC" }],
  ])("in %s", (zone, instant, parts) => {
    expect(zonedTime(instant, zone, "en")).toEqual(parts);
  });

  test.each([
    ["Europe/Berlin", INVESTIGATING, "MESZ"],
    ["Europe/Vienna", Date.UTC(2025, 11, 1), "MEZ"],
    ["Europe/Athens", INVESTIGATING, "OESZ"],
    ["America/New_York", INVESTIGATING, "EDT"],
    ["Asia/Kathmandu", INVESTIGATING, "UTC+5:45"],
    ["Etc/UTC", INVESTIGATING, "UTC"],
  ])("%s has its German abbreviation, or else the English one", (zone, instant, abbreviation) => {
    expect(zonedTime(instant, zone, "de").zone).toBe(abbreviation);
  });

  test("languages asked in turn do not get each other's abbreviation", () => {
    const asked = (["en", "de", "en", "de"] as const).map((locale) =>
      zonedTime(INVESTIGATING, "Europe/Berlin", locale),
    );
    expect(asked.map(({ zone }) => zone)).toEqual(["CEST", "MESZ", "CEST", "MESZ"]);
  });
});
