import { rmSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { missingKinds, refuseMissingKinds } from "../../infra/missing-services.ts";
import { deploymentOf, environmentOf } from "./synthesized.ts";

function stacksIn(region: string) {
  const { app, state, addresses, pipeline } = deploymentOf(environmentOf({ region }));
  const stacks = [state, addresses, pipeline];
  const text = stacks.map((stack) => JSON.stringify(Template.fromStack(stack).toJSON())).join("\n");
  rmSync(app.outdir, { recursive: true });
  return { stacks, text };
}

/** Who is let in by its name, which is the same in every partition. */
const PRINCIPALS = [
  "apigateway.amazonaws.com",
  "cloudfront.amazonaws.com",
  "cloudwatch.amazonaws.com",
  "events.amazonaws.com",
  "lambda.amazonaws.com",
  "ses.amazonaws.com",
  "sns.amazonaws.com",
];

describe.each([
  ["eu-central-1", "aws", []],
  [
    "us-gov-west-1",
    "aws-us-gov",
    [
      "AWS::CloudFront::CachePolicy",
      "AWS::CloudFront::Distribution",
      "AWS::CloudFront::OriginAccessControl",
      "AWS::CloudFront::ResponseHeadersPolicy",
    ],
  ],
  [
    "cn-north-1",
    "aws-cn",
    [
      "AWS::CloudFront::OriginAccessControl",
      "AWS::SES::ConfigurationSet",
      "AWS::SES::ConfigurationSetEventDestination",
    ],
  ],
])("in %s", (region, partition, missing) => {
  const { stacks, text } = stacksIn(region);

  it("the templates name no other partition", () => {
    const partitions = [...text.matchAll(/\barn:(aws[a-z-]*):/g)].map(([, name]) => name);
    expect([...new Set(partitions)]).toEqual([partition]);
  });

  it("the templates name no host of another partition", () => {
    const hosts = [...text.matchAll(/[a-z0-9.-]+\.amazonaws\.com[a-z.]*/g)].map(([host]) => host);
    expect([...new Set(hosts)].sort()).toEqual(PRINCIPALS);
  });

  it("what CloudFormation does not have is known before anything is deployed", () => {
    expect(missingKinds(stacks, region)).toEqual(missing);
    const refusal = missing.length === 0 ? null : `region: AWS has no ${missing.join(", ")} in ${region}`;
    if (refusal === null) expect(() => refuseMissingKinds(stacks, region)).not.toThrow();
    else expect(() => refuseMissingKinds(stacks, region)).toThrow(refusal);
  });
});
