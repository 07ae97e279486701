import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { FEWEST_TRIES, WorkQueue } from "./work-queue.ts";

/**
 * A sender's times, in order: the function ends (60 s) before its lease (65 s, functions/core/lease.ts), and the lease
 * before the queue shows the work again (70 s). So no two invocations ever hold one chunk.
 */
export const SENDER_TIMEOUT = Duration.seconds(60);
export const SENDER_VISIBILITY = Duration.seconds(70);

/** Twenty recipients in flight take little memory; the processor time that comes with it is for TLS and signing. */
export const SENDER_MEMORY = 1024;

export interface DeliveryChannelProps {
  alarms: Alarms;
  /** As the operator reads it: email, SMS, webhooks. */
  what: string;
  /** When the oldest chunk has waited this long, something is wrong. */
  lateAfter: Duration;
}

/**
 * The lane of one channel's chunks. One incident's chunk is a FIFO group, so its updates go out in order and nobody
 * else waits.
 */
export class DeliveryChannel extends Construct {
  readonly chunks: WorkQueue;

  constructor(scope: Construct, id: string, { alarms, what, lateAfter }: DeliveryChannelProps) {
    super(scope, id);
    this.chunks = new WorkQueue(this, "Chunks", {
      alarms,
      fifo: true,
      visibilityTimeout: SENDER_VISIBILITY,
      // Failures of recipients never fail a chunk: what fails so often is our own fault, and sweep sends it again
      // anyway.
      tries: FEWEST_TRIES,
      dead: {
        impact: `Subscribers by ${what} in these chunks may hear of an update minutes late.`,
        runbook: "chunks-put-aside",
      },
      late: {
        after: lateAfter,
        impact: `Updates by ${what} reach their subscribers late.`,
        runbook: "chunks-waiting",
      },
    });
  }

  /** The one function that sends this channel's chunks, in up to `maxConcurrency` invocations at once. */
  sentBy(sender: PipelineFunction, maxConcurrency: number): void {
    this.chunks.feed(sender, maxConcurrency);
  }
}
