import { CfnResource, type Stack } from "aws-cdk-lib";
import { RegionInfo } from "aws-cdk-lib/region-info";
import { SettingsError } from "./settings.ts";

/**
 * The beginnings of the kinds of resource that CloudFormation does not have in a partition. GovCloud: "Amazon
 * CloudFront is not available in the AWS GovCloud (US) partition" (Distributed Load Testing on AWS, "Deploy in AWS
 * GovCloud (US) Regions"); its accounts are billed through a standard account, which is where their budget belongs ("Billing
 * and payment", AWS GovCloud user guide). China: SES has no endpoint there (AWS General Reference), and CloudFormation says
 * "Unrecognized resource types" about an origin access control (awslabs/aws-solutions-constructs, issue 1050).
 */
const MISSING: Readonly<Record<string, readonly string[]>> = {
  "aws-us-gov": ["AWS::Budgets::", "AWS::CloudFront::"],
  "aws-cn": ["AWS::CloudFront::OriginAccessControl", "AWS::SES::"],
};

export function missingKinds(stacks: readonly Stack[], region: string): string[] {
  const missing = MISSING[RegionInfo.get(region).partition ?? "aws"] ?? [];
  const kinds = stacks
    .flatMap((stack) => stack.node.findAll())
    .flatMap((construct) => (CfnResource.isCfnResource(construct) ? [construct.cfnResourceType] : []));
  return [...new Set(kinds)].filter((kind) => missing.some((begin) => kind.startsWith(begin))).sort();
}

/** Throws SettingsError if a deployment would end in the middle, with some of the stacks made. */
export function refuseMissingKinds(stacks: readonly Stack[], region: string): void {
  const missing = missingKinds(stacks, region);
  if (missing.length > 0) throw new SettingsError(`region: AWS has no ${missing.join(", ")} in ${region}`);
}
