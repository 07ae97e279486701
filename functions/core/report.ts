import { type Chunk, recipientsPerChunk } from "./chunk.ts";
import { audienceOf, type Counts, sumCounts } from "./delivery.ts";
import { greatest, least } from "./extremes.ts";
import { mergeHistograms, percentile } from "./latency.ts";
import type { TopicState, UpdateNotice } from "./notice.ts";
import { CHANNELS, type Channel } from "./subscriber.ts";

/**
 * What became of one update on one channel. Times run from the commit to the provider's acceptance, in milliseconds.
 * Operators' resends are in the counts, not in the times.
 */
export interface ChannelReport {
  /** Everyone found to be concerned so far. That is everyone once `chunksDone` is `chunks`. */
  audience: number;
  counts: Counts;
  /** Null while nothing was accepted. Median and p95 are at most 5 % above the true ones. */
  medianMs: number | null;
  p95Ms: number | null;
  maxMs: number | null;
  /** When the provider took the first and the last one. */
  firstAcceptedAt: number | null;
  lastAcceptedAt: number | null;
  /** Acceptances per second between the first and the last; null unless there are two at different times. */
  throughput: number | null;
  /** Null before the update is planned. */
  chunks: number | null;
  chunksDone: number;
  /**
   * When its last chunk should be done, by the throughput so far, else by the send rate. Null if neither is known, or
   * if only retries are left, which have times of their own.
   */
  estimatedEndAt: number | null;
  /** What is wrong with us, so that open deliveries have to wait; null while nothing is. */
  paused: string | null;
}

/** Channels on which something is wrong with us, and what. */
export type Pauses = Readonly<Record<Channel, string | null>>;
const NO_PAUSES: Pauses = { email: null, sms: null, webhook: null };

export interface UpdateReport {
  updateId: string;
  incidentId: string;
  seq: number;
  /** complete: everybody in the audience has a final state. */
  state: "complete" | "running";
  committedAt: number;
  /** When these figures were read. */
  asOf: number;
  /** The latest of the channels'; null if a channel that still runs has none. */
  estimatedEndAt: number | null;
  channels: Record<Channel, ChannelReport>;
  /** What became of the topic's publication; null before it is planned, and of old updates. */
  topic: TopicState | null;
}

/** Recipients per second that the provider takes; null if no rate applies. */
export type SendRates = Readonly<Record<Channel, number | null>>;

/** What a report adds up: a chunk, or the sums over many that are done. */
export interface ReportPart
  extends Pick<Chunk, "channel" | "counts" | "histogram" | "slowestMs" | "firstAcceptedAt" | "lastAcceptedAt"> {
  chunksDone: number;
}

export function partOf(chunk: Chunk): ReportPart {
  return { ...chunk, chunksDone: chunk.state === "done" ? 1 : 0 };
}

/** The report of an update, from all its chunks or their sums. */
export function updateReport(
  notice: UpdateNotice,
  parts: readonly ReportPart[],
  now: number,
  rates: SendRates = { email: null, sms: null, webhook: null },
  pauses: Pauses = NO_PAUSES,
): UpdateReport {
  const of = (channel: Channel) =>
    pausedBy(pauses[channel], channelReport(channel, notice, parts, now, rates[channel]));
  const channels: Record<Channel, ChannelReport> = { email: of("email"), sms: of("sms"), webhook: of("webhook") };
  return {
    updateId: notice.updateId,
    incidentId: notice.subject.id,
    seq: notice.seq,
    state: CHANNELS.every((channel) => isComplete(channels[channel])) ? "complete" : "running",
    committedAt: notice.committedAt,
    asOf: now,
    estimatedEndAt: latestEnd(Object.values(channels)),
    channels,
    topic: notice.topic ?? null,
  };
}

/** Nobody knows when it ends. */
function pausedBy(paused: string | null, report: ChannelReport): ChannelReport {
  return paused === null || isComplete(report) ? report : { ...report, paused, estimatedEndAt: null };
}

function channelReport(
  channel: Channel,
  notice: UpdateNotice,
  all: readonly ReportPart[],
  now: number,
  rate: number | null,
): ChannelReport {
  const parts = all.filter((part) => part.channel === channel);
  const counts = sumCounts(parts.map((part) => part.counts));
  const histogram = mergeHistograms(parts.map((part) => part.histogram));
  const median = percentile(histogram, 0.5);
  const p95 = percentile(histogram, 0.95);
  const maxMs = median === null ? null : greatest(parts.map((part) => part.slowestMs));
  const firstAcceptedAt = least(parts.map((part) => part.firstAcceptedAt).filter((time) => time !== null));
  const lastAcceptedAt = greatest(parts.map((part) => part.lastAcceptedAt).filter((time) => time !== null));
  const measured = Object.values(histogram).reduce((sum, count) => sum + count, 0);
  const throughput = throughputOf(measured, firstAcceptedAt, lastAcceptedAt);
  const planned = notice.plan?.[channel] ?? null;
  const chunksDone = parts.reduce((sum, part) => sum + part.chunksDone, 0);
  const left = recipientsLeft(channel, parts, planned, rate);
  const pace = throughput ?? rate;
  return {
    audience: audienceOf(counts),
    counts,
    medianMs: atMost(median, maxMs),
    p95Ms: atMost(p95, maxMs),
    maxMs,
    firstAcceptedAt,
    lastAcceptedAt,
    throughput,
    chunks: planned,
    chunksDone,
    estimatedEndAt: left === 0 || pace === null ? null : now + Math.ceil((left / pace) * 1_000),
    paused: null,
  };
}

/** The first acceptance opens the span, so it is not among those that the span took. */
function throughputOf(accepted: number, first: number | null, last: number | null): number | null {
  if (first === null || last === null || last <= first || accepted < 2) return null;
  return ((accepted - 1) * 1_000) / (last - first);
}

/**
 * How many recipients are left in the chunks that are not done. Each is taken to have as many as the done ones had on
 * average, or as it was meant for.
 */
function recipientsLeft(
  channel: Channel,
  parts: readonly ReportPart[],
  planned: number | null,
  rate: number | null,
): number {
  if (planned === null) return 0;
  const done = parts.filter((part) => part.chunksDone > 0);
  const chunksDone = done.reduce((sum, part) => sum + part.chunksDone, 0);
  const reached = (some: readonly ReportPart[]) => audienceOf(sumCounts(some.map((part) => part.counts)));
  const perChunk = chunksDone === 0 ? recipientsPerChunk(channel, rate) : reached(done) / chunksDone;
  const begun = reached(parts.filter((part) => part.chunksDone === 0));
  return Math.max(0, Math.ceil(Math.max(0, planned - chunksDone) * perChunk) - begun);
}

function latestEnd(channels: readonly ChannelReport[]): number | null {
  const running = channels.filter((channel) => !isComplete(channel)).map(({ estimatedEndAt }) => estimatedEndAt);
  const known = running.filter((end) => end !== null);
  return known.length < running.length ? null : greatest(known);
}

/** A percentile is the upper edge of its bucket, which may lie above the slowest one of all. */
function atMost(value: number | null, limit: number | null): number | null {
  return value === null || limit === null ? null : Math.min(value, limit);
}

function isComplete({ chunks, chunksDone, counts }: ChannelReport): boolean {
  return chunks !== null && chunksDone >= chunks && counts.open === 0;
}
