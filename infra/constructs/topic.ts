import { CfnOutput } from "aws-cdk-lib";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

/** Every update as the webhook's JSON, for subscribers inside AWS: at least once, in no order, with attributes to filter by. */
export class StatusTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { displayName: "Status updates", enforceSSL: true });
    new CfnOutput(this, "TopicArn", { value: this.topic.topicArn }).overrideLogicalId("TopicArn");
  }
}
