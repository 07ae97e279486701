import { Duration, Stack } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

/** No alarm lacks either: a person whom it wakes at night learns who is affected and where to read on. */
export interface AlarmMeaning {
  /** Who is affected and how, in one sentence. */
  impact: string;
  /** A section of docs/runbook.md, as its anchor. */
  runbook: string;
}

export interface AlarmProps extends AlarmMeaning {
  metric: IMetric;
  /** The alarm goes off at or above this (with `below`: below it). */
  threshold: number;
  below?: boolean;
  /** Periods in a row; 1 unless given. */
  periods?: number;
  /** What no figure at all means; fine unless given. */
  silence?: "fine" | "alarm";
}

/** The operator's alarms: where they go, and the only place that makes them. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: { email: string | null }) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { displayName: "Tocsin alarms", enforceSSL: true });
    // Once a topic has a policy of its own, the policy must name CloudWatch.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
      }),
    );
    if (props.email !== null) this.topic.addSubscription(new EmailSubscription(props.email));
  }

  add(scope: Construct, id: string, props: AlarmProps): Alarm {
    const alarm = new Alarm(scope, id, {
      metric: props.metric,
      threshold: props.threshold,
      evaluationPeriods: props.periods ?? 1,
      comparisonOperator: props.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: props.silence === "alarm" ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${props.impact} What to do: docs/runbook.md#${props.runbook}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    return alarm;
  }
}

/** SQS and Lambda measure once a minute. */
export const EVERY_MINUTE = Duration.minutes(1);
