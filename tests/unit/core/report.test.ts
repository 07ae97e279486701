import { describe, expect, it } from "vitest";
import type { Chunk } from "../../../functions/core/chunk.ts";
import { type Counts, NO_COUNTS } from "../../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../../functions/core/latency.ts";
import type { UpdateNotice } from "../../../functions/core/notice.ts";
import { partOf, type ReportPart, updateReport } from "../../../functions/core/report.ts";

const COMMITTED = 1_751_882_700_000;
const NOW = COMMITTED + 90_000;

const notice = (changes: Partial<UpdateNotice> = {}): UpdateNotice => ({
  kind: "update",
  pageId: "page00000001",
  subject: { kind: "incident", id: "incident0001" },
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
): Chunk & ReportPart {
  const made: Chunk = {
    pageId: "page00000001",
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
  return { ...made, ...partOf(made) };
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

  it("sums 200,000 chunks", () => {
    const many = Array.from({ length: 200_000 }, (_, number) => chunk("email", number, [400 + (number % 7)]));
    const { email } = updateReport(notice({ plan: { email: 200_000, sms: 0, webhook: 0 } }), many, NOW).channels;
    expect(email).toMatchObject({
      audience: 200_000,
      maxMs: 406,
      firstAcceptedAt: COMMITTED + 400,
      chunksDone: 200_000,
    });
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

  it("tells the throughput between the first and the last acceptance", () => {
    const { channels } = updateReport(
      notice(),
      [chunk("email", 0, [1_000, 1_500]), chunk("email", 1, [2_000, 3_000, 5_000]), chunk("sms", 0, [700])],
      NOW,
    );
    expect(channels.email).toMatchObject({
      throughput: 1,
      firstAcceptedAt: COMMITTED + 1_000,
      lastAcceptedAt: COMMITTED + 5_000,
    });
    expect(channels.sms).toMatchObject({ throughput: null, firstAcceptedAt: COMMITTED + 700 });
  });

  it("estimates the end by the throughput so far, and before there is one by the send rate", () => {
    const plan = { email: 4, sms: 2, webhook: 1 };
    const report = updateReport(
      notice({ plan }),
      [
        // Two of four are done, with ten recipients each and five a second: twenty are left.
        chunk("email", 0, [1_000, 1_200, 1_400, 1_600, 1_800, 2_000, 2_200, 2_400, 2_600, 2_800]),
        chunk("email", 1, [3_000, 3_200, 3_400, 3_600, 3_800, 4_000, 4_200, 4_400, 4_600, 4_800]),
        chunk("webhook", 0, [], { open: 1 }),
      ],
      NOW,
      { email: 1, sms: 4, webhook: null },
    );
    expect(report.channels.email).toMatchObject({ throughput: 5, estimatedEndAt: NOW + 4_000 });
    // Nothing is known yet: two chunks of twenty at four a second.
    expect(report.channels.sms.estimatedEndAt).toBe(NOW + 10_000);
    // Only a retry is left, which has a time of its own: so the whole has no estimate.
    expect(report.channels.webhook.estimatedEndAt).toBeNull();
    expect(report.estimatedEndAt).toBeNull();
    const withoutRetry = updateReport(
      notice({ plan }),
      [
        chunk("webhook", 0, [20]),
        chunk("email", 0, []),
        chunk("email", 1, []),
        chunk("email", 2, []),
        chunk("email", 3, []),
      ],
      NOW,
      { email: 1, sms: 4, webhook: null },
    );
    expect(withoutRetry.estimatedEndAt).toBe(NOW + 10_000);
  });

  it("takes off what a chunk under way has reached", () => {
    const { email } = updateReport(
      notice(),
      [chunk("email", 0, [], { suppressed: 20 }), chunk("email", 1, [], { suppressed: 15 }, { state: "claimed" })],
      NOW,
      { email: 1, sms: null, webhook: null },
    ).channels;
    expect(email.estimatedEndAt).toBe(NOW + 5_000);
  });

  it("says what is known of an update that is not planned yet", () => {
    const { channels } = updateReport(notice({ state: "unplanned", plan: null, plannedAt: null }), [], NOW);
    const empty = {
      audience: 0,
      counts: NO_COUNTS,
      medianMs: null,
      p95Ms: null,
      maxMs: null,
      firstAcceptedAt: null,
      lastAcceptedAt: null,
      throughput: null,
      chunks: null,
      chunksDone: 0,
      estimatedEndAt: null,
      paused: null,
    };
    expect(channels).toEqual({ email: empty, sms: empty, webhook: empty });
  });
});
