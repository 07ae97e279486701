import { provisionBucket } from "./bucket.ts";
import { distributionKinds } from "./distribution.ts";
import { provisionEventInvokeConfig } from "./event-invoke-config.ts";
import { provisionMapping } from "./event-source-mapping.ts";
import { provisionFunction } from "./function.ts";
import { httpApiKinds } from "./http-api.ts";
import { provisionConfigurationSet, provisionEventDestination } from "./mail-resources.ts";
import { provisionQueue } from "./queue.ts";
import type { Provision } from "./resource.ts";
import { provisionRule, provisionSchedule } from "./schedule.ts";
import { provisionTable } from "./table.ts";
import { provisionSubscription, provisionTopic } from "./topic.ts";

/** The resources that run on this machine. */
export function runnableKinds(): ReadonlyMap<string, Provision> {
  const { provisionApi, provisionIntegration, provisionRoute, provisionStage } = httpApiKinds();
  const { provisionHeadersPolicy, provisionDistribution } = distributionKinds();
  return new Map<string, Provision>([
    ["AWS::DynamoDB::Table", provisionTable],
    ["AWS::SQS::Queue", provisionQueue],
    ["AWS::SNS::Topic", provisionTopic],
    ["AWS::SNS::Subscription", provisionSubscription],
    ["AWS::S3::Bucket", provisionBucket],
    ["AWS::Lambda::Function", provisionFunction],
    ["AWS::Lambda::EventInvokeConfig", provisionEventInvokeConfig],
    ["AWS::Lambda::EventSourceMapping", provisionMapping],
    ["AWS::ApiGatewayV2::Api", provisionApi],
    ["AWS::ApiGatewayV2::Integration", provisionIntegration],
    ["AWS::ApiGatewayV2::Route", provisionRoute],
    ["AWS::ApiGatewayV2::Stage", provisionStage],
    ["AWS::CloudFront::Distribution", provisionDistribution],
    ["AWS::CloudFront::ResponseHeadersPolicy", provisionHeadersPolicy],
    ["AWS::Events::Rule", provisionRule],
    ["AWS::Scheduler::Schedule", provisionSchedule],
    ["AWS::SES::ConfigurationSet", provisionConfigurationSet],
    ["AWS::SES::ConfigurationSetEventDestination", provisionEventDestination],
  ]);
}

/** These show nothing on one machine: permissions, watching, and what stands in front of a deployment. */
export const INERT_KINDS: ReadonlySet<string> = new Set([
  "AWS::IAM::Role",
  "AWS::IAM::Policy",
  "AWS::IAM::ManagedPolicy",
  "AWS::Lambda::Permission",
  "AWS::SQS::QueuePolicy",
  "AWS::SNS::TopicPolicy",
  "AWS::S3::BucketPolicy",
  "AWS::Logs::LogGroup",
  "AWS::Logs::MetricFilter",
  "AWS::CloudWatch::Alarm",
  "AWS::CloudWatch::CompositeAlarm",
  "AWS::CloudWatch::Dashboard",
  "AWS::CloudFront::CachePolicy",
  "AWS::CloudFront::OriginAccessControl",
  "AWS::CertificateManager::Certificate",
  "AWS::Route53::RecordSet",
  "AWS::ApiGatewayV2::DomainName",
  "AWS::ApiGatewayV2::ApiMapping",
  "AWS::SES::EmailIdentity",
]);
