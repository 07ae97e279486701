import { CfnOutput, Fn, RemovalPolicies, Stack, type StackProps, Tags } from "aws-cdk-lib";
import { CfnDomainName } from "aws-cdk-lib/aws-apigatewayv2";
import { CfnCertificate } from "aws-cdk-lib/aws-certificatemanager";
import { CfnRecordSet, HostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { ApiAddress } from "./constructs/api-address.ts";
import { Site } from "./constructs/site.ts";
import { StatusTopic } from "./constructs/topic.ts";
import type { Environment } from "./environments.ts";

export interface AddressStackProps extends StackProps {
  environment: Environment;
  /** For the host of `pageUrl`, in us-east-1; null leaves the page at the distribution's own host. */
  pageCertificateArn: string | null;
}

const REPEATABLE = [
  CfnCertificate.CFN_RESOURCE_TYPE_NAME,
  CfnDomainName.CFN_RESOURCE_TYPE_NAME,
  CfnRecordSet.CFN_RESOURCE_TYPE_NAME,
];

/**
 * What others have written down: the hosts of the page and of both APIs, which are in mails, feeds and scripts, and the
 * topic to which queues of other accounts are subscribed. It stays when the pipeline goes; what answers there is made
 * again.
 */
export class AddressStack extends Stack {
  readonly site: Site;
  readonly manageApi: ApiAddress;
  readonly subscriptionApi: ApiAddress;
  readonly topic: StatusTopic;
  /** The names as other stacks read them. */
  readonly siteBucketName: string;
  readonly sparePath: string;
  /** Each without a trailing slash. */
  readonly pageUrl: string;
  readonly manageUrl: string;
  readonly subscriptionsUrl: string;

  constructor(scope: Construct, id: string, { environment, pageCertificateArn, ...props }: AddressStackProps) {
    super(scope, id, { ...props, terminationProtection: environment.protectData });
    const { hostedZone } = environment;
    const zone =
      hostedZone === null
        ? null
        : HostedZone.fromHostedZoneAttributes(this, "Zone", { hostedZoneId: hostedZone.id, zoneName: hostedZone.name });
    const api = (name: string, description: string, url: string | null) => {
      const customDomain = url === null || zone === null ? null : { host: new URL(url).host, zone };
      return new ApiAddress(this, name, { description, customDomain });
    };
    this.manageApi = api("ManageApi", "Tocsin: manage API", environment.manageUrl);
    this.manageUrl = environment.manageUrl ?? this.manageApi.url;
    this.subscriptionApi = api("SubscriptionApi", "Tocsin: subscription API", environment.subscriptionsUrl);
    this.subscriptionsUrl = environment.subscriptionsUrl ?? this.subscriptionApi.url;
    this.site = new Site(this, "Site", {
      subscriptionsUrl: this.subscriptionsUrl,
      customDomain:
        environment.pageUrl === null || pageCertificateArn === null
          ? null
          : { host: new URL(environment.pageUrl).host, certificateArn: pageCertificateArn, zone },
    });
    this.pageUrl = environment.pageUrl ?? this.site.url;
    this.topic = new StatusTopic(this, "Topic", {
      organization: environment.topic.organization,
      accounts: environment.topic.accounts,
    });

    new CfnOutput(this, "PageUrl", { value: this.pageUrl });
    new CfnOutput(this, "DistributionUrl", { value: this.site.url });
    const bucketName = new CfnOutput(this, "SiteBucketName", { value: this.site.bucket.bucketName });
    this.siteBucketName = Fn.getStackOutput(this.stackName, bucketName.logicalId);
    new CfnOutput(this, "ManageUrl", { value: this.manageUrl });
    // The UUID at the end of this stack's id, which nobody learns from the API. It opens nothing: a key is asked for there too.
    const sparePath = Fn.select(2, Fn.split("/", this.stackId));
    const spare = new CfnOutput(this, "ManageSparePath", { value: sparePath });
    this.sparePath = Fn.getStackOutput(this.stackName, spare.logicalId);
    new CfnOutput(this, "ManageSpareUrl", { value: `${this.manageApi.url}/${sparePath}` });
    new CfnOutput(this, "SubscriptionsUrl", { value: this.subscriptionsUrl });
    new CfnOutput(this, "TopicArn", { value: this.topic.topic.topicArn });

    // This also guards against our own mistakes: a resource that leaves the template stays in the account. What a first
    // deployment made before it failed is removed, so that the next one can start afresh. Names that the operator chose
    // can be made again, and one that stayed would be in the way.
    if (environment.protectData) RemovalPolicies.of(this).retainOnUpdateOrDelete({ excludeResourceTypes: REPEATABLE });
    else RemovalPolicies.of(this).destroy();
    // CloudFormation may take no update in which nothing but such policies changed. A tag is a change.
    Tags.of(this.topic).add("tocsin:protected", String(environment.protectData));
  }
}
