import { describe, expect, it } from "vitest";
import { z } from "zod";
import { idOf, type Resource, resourceOf, resourcesOf, synthesized } from "./synthesized.ts";

const { pipeline } = synthesized();

const queueSchema = z.object({
  FifoQueue: z.boolean().default(false),
  RedrivePolicy: z.object({ maxReceiveCount: z.number() }).optional(),
});
const metricSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
});
const alarmSchema = z.object({
  EvaluationPeriods: z.number(),
  Metrics: z.array(z.object({ MetricStat: z.object({ Metric: metricSchema }).optional() })).default([]),
});

/** Queues with a consumer. */
const lanes = resourcesOf(pipeline, "AWS::Lambda::EventSourceMapping")
  .map(({ Properties }) => JSON.stringify(Properties.EventSourceArn))
  .flatMap((arn) => resourcesOf(pipeline, "AWS::SQS::Queue").filter(({ id }) => arn.includes(`"${id}"`)))
  .map(({ id, Properties }) => ({ id, ...queueSchema.parse(Properties) }));

/** The metrics of queues that an alarm looks at, by the queue's logical id. */
const watched = resourcesOf(pipeline, "AWS::CloudWatch::Alarm").flatMap(({ id, Properties }) => {
  const { Metrics, EvaluationPeriods } = alarmSchema.parse(Properties);
  const single = metricSchema.safeParse(Properties);
  const metrics = [
    ...(single.success ? [single.data] : []),
    ...Metrics.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric])),
  ];
  return metrics
    .filter(({ Namespace }) => Namespace === "AWS/SQS")
    .map(({ MetricName, Dimensions }) => ({
      alarm: id,
      metric: MetricName,
      queue: idOf(Dimensions[0]?.Value),
      periods: EvaluationPeriods,
    }));
});

describe("alarms on queues", () => {
  /**
   * SQS developer guide, "Available CloudWatch metrics for Amazon SQS": what was received three times is left out of
   * ApproximateAgeOfOldestMessage, also where a redrive policy allows more. A FIFO queue keeps it: it holds up its group.
   */
  it("never go by the age of the oldest, where work may be received more than three times without counting", () => {
    const byAge = watched.filter(({ metric }) => metric === "ApproximateAgeOfOldestMessage");
    expect(byAge.length).toBeGreaterThan(0);
    for (const { alarm, queue } of byAge) {
      const { FifoQueue, RedrivePolicy } = queueSchema.parse(resourceOf(pipeline, queue).Properties);
      const tries = RedrivePolicy?.maxReceiveCount ?? Number.POSITIVE_INFINITY;
      expect(FifoQueue || tries <= 3, `${alarm} of ${queue}, received up to ${tries} times`).toBe(true);
    }
  });

  it("tell of work that waits in each queue with a consumer, and of its dead letters", () => {
    expect(lanes.length).toBeGreaterThanOrEqual(9);
    for (const { id, FifoQueue } of lanes) {
      const metrics = watched.filter(({ queue }) => queue === id).map(({ metric }) => metric);
      expect(metrics, id).toContain(FifoQueue ? "ApproximateAgeOfOldestMessage" : "ApproximateNumberOfMessagesVisible");
    }
  });

  it("count letters that were put back for our own sake, too", () => {
    const held = watched.filter(({ metric }) => metric === "ApproximateNumberOfMessagesDelayed");
    expect(held.map(({ queue }) => queue.replace(/Work.*/, "")).sort()).toEqual(["Letters", "SmsLetters"]);
  });

  it("give the account's concurrency five chances: a receive that met its limit is no failure of the work", () => {
    for (const { id, RedrivePolicy } of lanes) {
      expect(RedrivePolicy?.maxReceiveCount ?? 0, id).toBeGreaterThanOrEqual(5);
    }
  });
});

describe("functions that are invoked asynchronously", () => {
  /** Named by whatever invokes a function without waiting for its answer: rules, schedules, topics, buckets. */
  const invoked = [
    ...targetsOf("AWS::Events::Rule", "Targets"),
    ...targetsOf("AWS::Scheduler::Schedule", "Target"),
    ...resourcesOf(pipeline, "AWS::SNS::Subscription")
      .filter(({ Properties }) => Properties.Protocol === "lambda")
      .map(({ Properties }) => Properties.Endpoint),
    ...resourcesOf(pipeline, "AWS::Lambda::Permission")
      .filter(({ Properties }) =>
        ["events.amazonaws.com", "scheduler.amazonaws.com", "sns.amazonaws.com", "s3.amazonaws.com"].includes(
          String(Properties.Principal),
        ),
      )
      .map(({ Properties }) => Properties.FunctionName),
  ].map((target) => idOf(target));

  it("are sweep and receive-feedback", () => {
    expect([...new Set(invoked)].map((id) => id.replace(/Function.*/, "")).sort()).toEqual([
      "ReceiveFeedback",
      "Sweep",
    ]);
  });

  it("are not run again by Lambda beside their next run: a rule's own retries are about reaching Lambda only", () => {
    const configured = new Map(
      resourcesOf(pipeline, "AWS::Lambda::EventInvokeConfig").map(({ Properties }) => [
        z.object({ Ref: z.string() }).parse(Properties.FunctionName).Ref,
        Properties,
      ]),
    );
    for (const id of invoked) {
      expect(configured.get(id), id).toMatchObject({ MaximumRetryAttempts: 0, Qualifier: "$LATEST" });
      const { MaximumEventAgeInSeconds } = z
        .object({ MaximumEventAgeInSeconds: z.number() })
        .parse(configured.get(id) ?? {});
      expect(MaximumEventAgeInSeconds, id).toBeLessThanOrEqual(60 * 60);
    }
  });
});

function targetsOf(type: string, property: string): unknown[] {
  const arnSchema = z.object({ Arn: z.unknown() });
  return resourcesOf(pipeline, type).flatMap(({ Properties }: Resource) => {
    const targets = Properties[property];
    return (Array.isArray(targets) ? targets : [targets]).map((target) => arnSchema.parse(target).Arn);
  });
}
