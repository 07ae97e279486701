import * as z from "zod/mini";

// Each bucket is 5 % wider than the one before, so a percentile read back is at most 5 % above the true one.
const GROWTH = Math.log(1.05);

/**
 * Counts of times-to-notify by bucket number. They are small enough to sit in a chunk, and the sums of chunks give the
 * update's percentiles.
 */
export const histogramSchema = z.record(z.string(), z.number());
export type Histogram = Record<string, number>;

export function bucketOf(milliseconds: number): string {
  return String(milliseconds <= 1 ? 0 : Math.ceil(Math.log(milliseconds) / GROWTH));
}

export function addTo(histogram: Histogram, milliseconds: number): Histogram {
  const bucket = bucketOf(milliseconds);
  return { ...histogram, [bucket]: (histogram[bucket] ?? 0) + 1 };
}

export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const sum: Histogram = {};
  for (const histogram of histograms) {
    for (const [bucket, count] of Object.entries(histogram)) sum[bucket] = (sum[bucket] ?? 0) + count;
  }
  return sum;
}

/**
 * The upper edge, in whole milliseconds, of the bucket that holds the given share (0 to 1); null if nothing was
 * counted.
 */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .sort((a, b) => a.bucket - b.bucket);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { bucket, count } of buckets) {
    seen += count;
    if (seen >= share * total) return Math.floor(Math.exp(bucket * GROWTH));
  }
  return null;
}
