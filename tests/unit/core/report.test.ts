import { describe, expect, it } from "vitest";
import type { Chunk } from "../../../functions/core/chunk.ts";
import { type Counts, NO_COUNTS } from "../../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../../functions/core/latency.ts";
import type { Notice } from "../../../functions/core/notice.ts";
import { updateReport } from "../../../functions/core/report.ts";

const COMMITTED = 1_751_882_700_000;
const NOW = COMMITTED + 90_000;

const notice = (changes: Partial<Notice> = {}): Notice => ({
  kind: "update",
  pageId: "page00000001",
  incidentId: "incident0001",
  updateId: "update000001",
  seq: 2,
  state: "planned",
  committedAt: COMMITTED,
  plannedAt: COMMITTED + 300,
  plan: { email: 2, sms: 1, webhook: 1 },
  ...changes,
});

function chunk(
  channel: Chunk["channel"],
  number: number,
  latencies: readonly number[],
  counts: Partial<Counts> = {},
  changes: Partial<Chunk> = {},
): Chunk {
  return {
    pageId: "page00000001",
    incidentId: "incident0001",
    updateId: "update000001",
    seq: 2,
    channel,
    chunk: number,
    of: 2,
    state: "done",
    leaseUntil: 0,
    attempt: 1,
    resend: 0,
    queuedAt: COMMITTED,
    wakeAt: null,
    window: [],
    windowAgain: [],
    cursor: null,
    counts: { ...NO_COUNTS, accepted: latencies.length, ...counts },
    retrying: [],
    histogram: latencies.reduce<Histogram>(addTo, {}),
    slowestMs: Math.max(0, ...latencies),
    firstAcceptedAt: latencies.length === 0 ? null : COMMITTED + Math.min(...latencies),
    lastAcceptedAt: latencies.length === 0 ? null : COMMITTED + Math.max(...latencies),
    ...changes,
  };
}

const done = [chunk("email", 0, []), chunk("email", 1, []), chunk("sms", 0, []), chunk("webhook", 0, [])];
const without = (channel: Chunk["channel"], number: number) =>
  done.filter((one) => one.channel !== channel || one.chunk !== number);

describe("updateReport", () => {
  it("sums the chunks of each channel, and leaves the channels apart", () => {
    const { channels } = updateReport(
      notice(),
      [
        chunk("email", 0, [400, 420, 440], { failed: 1, suppressed: 2, retried: 1 }),
        chunk("email", 1, [900], { superseded: 1 }),
        chunk("sms", 0, [], { ambiguous: 1 }),
        chunk("webhook", 0, [50]),
      ],
      NOW,
    );
    expect(channels.email).toMatchObject({
      audience: 8,
      counts: { accepted: 4, failed: 1, suppressed: 2, superseded: 1, ambiguous: 0, open: 0, retried: 1 },
      maxMs: 900,
      chunks: 2,
      chunksDone: 2,
    });
    expect(channels.sms).toMatchObject({ audience: 1, medianMs: null, p95Ms: null, maxMs: null });
    expect(channels.webhook).toMatchObject({ audience: 1, medianMs: 50, p95Ms: 50, maxMs: 50 });
  });

  it("reads median and p95 over all chunks, within 5 % and never above the slowest", () => {
    const latencies = Array.from({ length: 100 }, (_, index) => (index + 1) * 100);
    const { email } = updateReport(
      notice(),
      [chunk("email", 0, latencies.slice(0, 30)), chunk("email", 1, latencies.slice(30))],
      NOW,
    ).channels;
    expect(email.medianMs).toBeGreaterThanOrEqual(5_000);
    expect(email.medianMs).toBeLessThanOrEqual(5_250);
    expect(email.p95Ms).toBeGreaterThanOrEqual(9_500);
    expect(email.p95Ms).toBeLessThanOrEqual(9_975);
    expect(email.maxMs).toBe(10_000);
  });

  it("is complete when every planned chunk is done and nothing is open", () => {
    expect(updateReport(notice(), done, NOW)).toMatchObject({
      updateId: "update000001",
      incidentId: "incident0001",
      seq: 2,
      state: "complete",
      committedAt: COMMITTED,
      asOf: NOW,
    });
    expect(updateReport(notice({ state: "done" }), done, NOW).state).toBe("complete");
  });

  it.each([
    { why: "it is not planned", notice: notice({ state: "unplanned", plan: null, plannedAt: null }), chunks: done },
    { why: "a chunk was never claimed", notice: notice(), chunks: without("email", 1) },
    { why: "a channel's only chunk was never claimed", notice: notice(), chunks: without("sms", 0) },
    {
      why: "a chunk is being sent",
      notice: notice(),
      chunks: [...without("webhook", 0), chunk("webhook", 0, [], {}, { state: "claimed" })],
    },
    {
      why: "a chunk is queued again",
      notice: notice(),
      chunks: [...without("email", 0), chunk("email", 0, [], {}, { state: "queued", resend: 1 })],
    },
    {
      why: "a delivery waits for its retry",
      notice: notice(),
      chunks: [...without("webhook", 0), chunk("webhook", 0, [20], { open: 1 })],
    },
  ])("is running while $why", ({ notice, chunks }) => {
    expect(updateReport(notice, chunks, NOW).state).toBe("running");
  });

  it("says what is known of an update that is not planned yet", () => {
    const { channels } = updateReport(notice({ state: "unplanned", plan: null, plannedAt: null }), [], NOW);
    const empty = {
      audience: 0,
      counts: NO_COUNTS,
      medianMs: null,
      p95Ms: null,
      maxMs: null,
      chunks: null,
      chunksDone: 0,
    };
    expect(channels).toEqual({ email: empty, sms: empty, webhook: empty });
  });
});
