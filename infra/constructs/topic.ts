import { AccountPrincipal, type IPrincipal, OrganizationPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";

export interface StatusTopicProps {
  /** Each account of this organisation may subscribe; null: none. */
  organization: string | null;
  /** These accounts may subscribe too, wherever they belong. */
  accounts: readonly string[];
}

/** Every update as the webhook's JSON, for subscribers inside AWS: at least once, in no order, with attributes to filter by. */
export class StatusTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { organization, accounts }: StatusTopicProps) {
    super(scope, id);
    this.topic = new Topic(this, "Topic", { displayName: "Status updates", enforceSSL: true });
    // Each has a statement of its own: all conditions of one would have to hold, and either is enough.
    if (organization !== null) {
      this.allowSubscribing("SubscribeFromOrganization", [new OrganizationPrincipal(organization)]);
    }
    if (accounts.length > 0) {
      const principals = accounts.map((account) => new AccountPrincipal(account));
      this.allowSubscribing("SubscribeFromAccounts", principals);
    }
  }

  private allowSubscribing(sid: string, principals: IPrincipal[]): void {
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid,
        principals,
        actions: ["sns:Subscribe"],
        resources: [this.topic.topicArn],
        // Not email, SMS or https: messages that leave AWS are for Tocsin's own subscribers, with confirmation and
        // unsubscription.
        conditions: { StringEquals: { "sns:Protocol": ["sqs", "lambda", "firehose"] } },
      }),
    );
  }
}
