import { Duration } from "aws-cdk-lib";
import { FilterCriteria, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { DynamoEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import type { StateStack } from "../state-stack.ts";
import { type AlarmMeaning, type Alarms, EVERY_MINUTE } from "./alarms.ts";
import type { PipelineFunction } from "./pipeline-function.ts";
import { deadLetterQueue } from "./work-queue.ts";

export interface StatusStreamProps {
  state: StateStack;
  alarms: Alarms;
  step: PipelineFunction;
  /** What wakes the step: Lambda filters on the stream record, of which one is enough. */
  filters: readonly Record<string, unknown>[];
  batchSize: number;
  dead: AlarmMeaning;
  late: AlarmMeaning;
}

/**
 * One of the status table's two readers. The stream only wakes: sweep finds in the tables what it drops after its
 * retries.
 */
export class StatusStream extends Construct {
  constructor(scope: Construct, id: string, { state, alarms, step, ...props }: StatusStreamProps) {
    super(scope, id);
    step.addEventSource(
      new DynamoEventSource(state.status, {
        filters: props.filters.map((filter) => FilterCriteria.filter(filter)),
        // Reads also what was written between the table's creation and the mapping's.
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: props.batchSize,
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        // A failing record holds up its shard while it is retried, so not for long.
        retryAttempts: 3,
        maxRecordAge: Duration.hours(1),
        onFailure: new SqsDlq(deadLetterQueue(this, "Dropped", { alarms, fifo: false, dead: props.dead })),
      }),
    );
    alarms.add(this, "Behind", {
      ...props.late,
      metric: step.metric("IteratorAge", { period: EVERY_MINUTE, statistic: "Maximum" }),
      threshold: Duration.minutes(2).toMilliseconds(),
      periods: 3,
    });
    step.acceptWildcard("*", "dynamodb:ListStreams, which a stream's reader needs, takes no narrower resource.");
  }
}
