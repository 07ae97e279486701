import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { environmentOf, resourcesOf, synthesized } from "./synthesized.ts";

const { state } = synthesized();

describe("tables", () => {
  it("are five, all protected, on demand and recoverable to a point in time", () => {
    const tables = resourcesOf(state, "AWS::DynamoDB::Table");
    expect(tables).toHaveLength(5);
    for (const table of tables) {
      expect(table.Properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
    state.allResources("AWS::DynamoDB::Table", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  it("stream new images from status alone", () => {
    state.hasResourceProperties("AWS::DynamoDB::Table", { StreamSpecification: { StreamViewType: "NEW_IMAGE" } });
    const streams = resourcesOf(state, "AWS::DynamoDB::Table").filter(
      (table) => "StreamSpecification" in table.Properties,
    );
    expect(streams).toHaveLength(1);
  });

  it("expire only what is meant to", () => {
    const expiring = resourcesOf(state, "AWS::DynamoDB::Table").filter(
      (table) => "TimeToLiveSpecification" in table.Properties,
    );
    expect(expiring.map((table) => table.id.replace(/[0-9A-F]{8}$/, "")).sort()).toEqual([
      "Access",
      "Deliveries",
      "Keys",
      "Subscribers",
    ]);
  });
});

describe("the page's bucket", () => {
  it("is private, encrypted and reached over TLS only", () => {
    state.hasResourceProperties("AWS::S3::Bucket", {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
    state.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      },
    });
  });

  it("is read by this account's distributions and nobody else", () => {
    state.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: "s3:GetObject",
            Principal: { Service: "cloudfront.amazonaws.com" },
            // No aws:SourceAccount beside it: AWS documents the distribution's ARN for CloudFront, and nothing else.
            Condition: Match.objectEquals({ ArnLike: { "aws:SourceArn": Match.anyValue() } }),
          }),
        ]),
      },
    });
  });
});

it("lets go of everything where data need not be protected", () => {
  const { state: unprotected } = synthesized(environmentOf({ protectData: false }));
  unprotected.allResourcesProperties("AWS::DynamoDB::Table", { DeletionProtectionEnabled: false });
  unprotected.allResources("AWS::DynamoDB::Table", { DeletionPolicy: "Delete" });
});
