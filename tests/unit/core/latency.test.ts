import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addTo,
  type Histogram,
  histogramSchema,
  mergeHistograms,
  percentile,
} from "../../../functions/core/latency.ts";

/** From one millisecond to four days. */
const latencies = fc.array(fc.integer({ min: 1, max: 4 * 86_400_000 }), { minLength: 1, maxLength: 200 });
const histogramOf = (values: readonly number[]) => values.reduce<Histogram>(addTo, {});

describe("percentile", () => {
  it("is null where nothing was counted", () => {
    expect(percentile({}, 0.5)).toBeNull();
  });

  it.each([0.5, 0.95, 1])("is never below the true one, and at most 5 % above it (%d)", (share) => {
    fc.assert(
      fc.property(latencies, (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
        const read = percentile(histogramOf(values), share) ?? 0;
        expect(read).toBeGreaterThanOrEqual(exact);
        expect(read).toBeLessThanOrEqual(exact * 1.05);
      }),
    );
  });

  it("is within 5 % for every small latency, where buckets are narrower than a millisecond", () => {
    for (let value = 1; value <= 2_000; value += 1) {
      const read = percentile(histogramOf([value]), 0.5) ?? 0;
      expect(read).toBeGreaterThanOrEqual(value);
      expect(read).toBeLessThanOrEqual(value * 1.05);
    }
  });

  it("counts what took no time, or less because of clocks that differ, as a millisecond", () => {
    expect(percentile(histogramOf([0, -40]), 0.95)).toBe(1);
  });
});

describe("histograms", () => {
  it("of chunks add up to the update's", () => {
    fc.assert(
      fc.property(latencies, latencies, (one, other) => {
        expect(mergeHistograms([histogramOf(one), histogramOf(other)])).toEqual(histogramOf([...one, ...other]));
      }),
    );
  });

  it("stay small over four days", () => {
    const everything = histogramOf(Array.from({ length: 400 }, (_, index) => Math.ceil(1.05 ** index)));
    expect(histogramSchema.parse(everything)).toEqual(everything);
    expect(Object.keys(everything).length).toBeLessThan(420);
  });
});
