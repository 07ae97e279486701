import { Duration, Validations } from "aws-cdk-lib";
import { type IMetric, MathExpression } from "aws-cdk-lib/aws-cloudwatch";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption, type QueueProps } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { type AlarmMeaning, type Alarms, EVERY_MINUTE } from "./alarms.ts";
import type { PipelineFunction } from "./pipeline-function.ts";

export interface WorkQueueProps {
  alarms: Alarms;
  /** One chunk after the other within a group, and groups side by side. */
  fifo: boolean;
  visibilityTimeout: Duration;
  /** Tries before work is put aside. */
  tries: number;
  /** Work was put aside. */
  dead: AlarmMeaning;
  /** Work waits longer than `after`. */
  late: AlarmMeaning & { after: Duration; undone?: UndoneWork };
}

/**
 * What counts as not done yet, on a standard queue. `tried` (the default): also work that is being tried, or that comes
 * back after a failure. `waiting`: not even that, because something is being tried all the time. `held`: also work that
 * was put back with a delay, because nothing else has one.
 */
export type UndoneWork = "waiting" | "tried" | "held";

/**
 * AWS's advice for a queue that Lambda reads ("at least 5"): while the account's concurrency is used up, a receive may
 * fail through no fault of the work.
 */
export const FEWEST_TRIES = 5;

/**
 * A queue, where its failures go, and its two alarms. The tables can bring back everything in it, except letters,
 * probes and feedback.
 */
export class WorkQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const dead = deadLetterQueue(this, "Dead", props);
    this.queue = new Queue(this, "Queue", {
      ...kind(props.fifo),
      visibilityTimeout: props.visibilityTimeout,
      deadLetterQueue: { queue: dead, maxReceiveCount: props.tries },
    });
    const { after, undone = "tried", ...late } = props.late;
    if (props.fifo) {
      props.alarms.add(this, "Late", {
        ...late,
        metric: this.queue.metricApproximateAgeOfOldestMessage({ period: EVERY_MINUTE }),
        threshold: after.toSeconds(),
        periods: 3,
      });
      return;
    }
    props.alarms.add(this, "Late", {
      ...late,
      metric: this.undone(undone),
      threshold: 1,
      periods: after.toMinutes(),
    });
  }

  /**
   * How much waits or is being tried. A standard queue's age of the oldest message cannot show that: it leaves out
   * messages that were received three times (SQS developer guide, "Available CloudWatch metrics": poison pills), just
   * when they begin to be late. A queue that was never empty for so long shows it.
   */
  private undone(counted: UndoneWork): IMetric {
    const props = { period: EVERY_MINUTE, statistic: "Minimum" };
    const waiting = this.queue.metricApproximateNumberOfMessagesVisible(props);
    if (counted === "waiting") return waiting;
    const tried = this.queue.metricApproximateNumberOfMessagesNotVisible(props);
    const held = this.queue.metricApproximateNumberOfMessagesDelayed(props);
    return new MathExpression({
      expression: counted === "held" ? "waiting + tried + held" : "waiting + tried",
      usingMetrics: counted === "held" ? { waiting, tried, held } : { waiting, tried },
      period: EVERY_MINUTE,
      label: "work not done",
    });
  }

  get url(): string {
    return this.queue.queueUrl;
  }

  grantSend(grantee: IGrantable): void {
    this.queue.grantSendMessages(grantee);
  }

  /**
   * `batchSize` pieces of work for each invocation; `maxConcurrency` invocations at once, at least 2 (SQS's own
   * minimum).
   */
  feed(step: PipelineFunction, maxConcurrency: number, batchSize = 1): void {
    step.addEventSource(new SqsEventSource(this.queue, { batchSize, reportBatchItemFailures: true, maxConcurrency }));
  }
}

/** Keeps failed work for two weeks, and alarms at once. */
export function deadLetterQueue(
  scope: Construct,
  id: string,
  { alarms, fifo, dead }: Pick<WorkQueueProps, "alarms" | "fifo" | "dead">,
): Queue {
  const queue = new Queue(scope, id, { ...kind(fifo), retentionPeriod: Duration.days(14) });
  // cdk-nag knows the dead-letter queues of queues, not those of streams.
  Validations.of(queue).acknowledge({
    id: "AwsSolutions::AwsSolutions-SQS3",
    reason: "It is a dead-letter queue itself.",
  });
  alarms.add(scope, `${id}Filled`, {
    ...dead,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: EVERY_MINUTE, statistic: "Maximum" }),
    threshold: 1,
  });
  return queue;
}

function kind(fifo: boolean): QueueProps {
  const secure: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };
  if (!fifo) return secure;
  return {
    ...secure,
    fifo: true,
    // High throughput: without it a FIFO queue takes 300 calls a second for all its groups together.
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  };
}
