import type { Chunk } from "./chunk.ts";
import { audienceOf, type Counts, sumCounts } from "./delivery.ts";
import { mergeHistograms, percentile } from "./latency.ts";
import type { Notice } from "./notice.ts";
import { CHANNELS, type Channel } from "./subscriber.ts";

/** What became of one update on one channel. Times run from the commit to the provider's acceptance, in milliseconds. */
export interface ChannelReport {
  /** Everyone found to be concerned so far; all there are once `chunksDone` is `chunks`. */
  audience: number;
  counts: Counts;
  /** Null while nothing was accepted. Median and p95 are at most 5 % above the true ones. */
  medianMs: number | null;
  p95Ms: number | null;
  maxMs: number | null;
  /** Null before the update is planned. */
  chunks: number | null;
  chunksDone: number;
}

export interface UpdateReport {
  updateId: string;
  incidentId: string;
  seq: number;
  /** complete: everybody in the audience has a final state. */
  state: "complete" | "running";
  committedAt: number;
  /** When these figures were read. */
  asOf: number;
  channels: Record<Channel, ChannelReport>;
}

/** The report of an update, from all its chunks. */
export function updateReport(notice: Notice, chunks: readonly Chunk[], now: number): UpdateReport {
  const channels: Record<Channel, ChannelReport> = {
    email: channelReport("email", notice, chunks),
    sms: channelReport("sms", notice, chunks),
    webhook: channelReport("webhook", notice, chunks),
  };
  return {
    updateId: notice.updateId,
    incidentId: notice.incidentId,
    seq: notice.seq,
    state: CHANNELS.every((channel) => isComplete(channels[channel])) ? "complete" : "running",
    committedAt: notice.committedAt,
    asOf: now,
    channels,
  };
}

function channelReport(channel: Channel, notice: Notice, all: readonly Chunk[]): ChannelReport {
  const chunks = all.filter((chunk) => chunk.channel === channel);
  const counts = sumCounts(chunks.map((chunk) => chunk.counts));
  const histogram = mergeHistograms(chunks.map((chunk) => chunk.histogram));
  const median = percentile(histogram, 0.5);
  const p95 = percentile(histogram, 0.95);
  const maxMs = median === null ? null : Math.max(...chunks.map((chunk) => chunk.slowestMs));
  return {
    audience: audienceOf(counts),
    counts,
    medianMs: atMost(median, maxMs),
    p95Ms: atMost(p95, maxMs),
    maxMs,
    chunks: notice.plan?.[channel] ?? null,
    chunksDone: chunks.filter((chunk) => chunk.state === "done").length,
  };
}

/** A percentile is read as the upper edge of its bucket, which may lie above the slowest one of all. */
function atMost(value: number | null, limit: number | null): number | null {
  return value === null || limit === null ? null : Math.min(value, limit);
}

function isComplete({ chunks, chunksDone, counts }: ChannelReport): boolean {
  return chunks !== null && chunksDone >= chunks && counts.open === 0;
}
