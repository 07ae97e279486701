import type { Catalog } from "../../core/component.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { Page } from "../../core/page.ts";
import type { ChannelReport, UpdateReport } from "../../core/report.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { presentSubject } from "../../subscriptions/subject-view.ts";

/** Tocsin's own: what became of one update. Durations run from its commit to the provider's acceptance, in milliseconds. */
export function presentReport(report: UpdateReport, page: Page) {
  const { email, sms, webhook } = report.channels;
  return {
    incident_id: report.incidentId,
    incident_update_id: report.updateId,
    sequence: report.seq,
    state: report.state,
    committed_at: isoInZone(report.committedAt, page.timeZone),
    as_of: isoInZone(report.asOf, page.timeZone),
    estimated_end_at: timeIn(page, report.estimatedEndAt),
    channels: {
      email: presentChannel(email, page),
      sms: presentChannel(sms, page),
      webhook: presentChannel(webhook, page),
    },
    topic: report.topic,
  };
}

function presentChannel(channel: ChannelReport, page: Page) {
  return {
    audience: channel.audience,
    ...channel.counts,
    median_ms: channel.medianMs,
    p95_ms: channel.p95Ms,
    max_ms: channel.maxMs,
    first_accepted_at: timeIn(page, channel.firstAcceptedAt),
    last_accepted_at: timeIn(page, channel.lastAcceptedAt),
    accepted_per_second: channel.throughput === null ? null : Number(channel.throughput.toPrecision(3)),
    chunks: channel.chunks,
    chunks_done: channel.chunksDone,
    estimated_end_at: timeIn(page, channel.estimatedEndAt),
    /** What is wrong on our side, so that open deliveries have to wait. */
    paused: channel.paused,
  };
}

/** One (subscriber, update) pair. No address: the subscriber's id is enough to read that. */
export function presentDelivery(delivery: Delivery, page: Page, catalog: Catalog) {
  const { resent } = delivery;
  const superseded = delivery.state === "superseded";
  return {
    subscriber_id: delivery.subscriberId,
    ...presentSubject(delivery, catalog),
    channel: delivery.channel,
    state: delivery.state,
    reason: superseded ? null : delivery.reason,
    superseded_by: superseded ? delivery.reason : null,
    attempts: delivery.attempts,
    provider_id: delivery.providerId,
    committed_at: isoInZone(delivery.committedAt, page.timeZone),
    first_attempt_at: timeIn(page, delivery.firstAttemptAt),
    updated_at: isoInZone(delivery.updatedAt, page.timeZone),
    next_attempt_at: timeIn(page, delivery.nextAttemptAt),
    /** Set once an operator has sent it again: from then on it is exempt from the incident's order. */
    resent: resent === undefined ? null : { at: isoInZone(resent.at, page.timeZone), from: resent.from },
  };
}

function timeIn(page: Page, instant: number | null): string | null {
  return instant === null ? null : isoInZone(instant, page.timeZone);
}
