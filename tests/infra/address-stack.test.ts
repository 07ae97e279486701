import { rmSync } from "node:fs";
import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deploymentOf, environmentOf, type Resource, resourcesOf, synthesized } from "./synthesized.ts";

const { addresses } = synthesized();

describe("the page's bucket", () => {
  it("is private, encrypted and reached over TLS only", () => {
    addresses.hasResourceProperties("AWS::S3::Bucket", {
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
    addresses.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      },
    });
  });

  /** CloudFront developer guide, "Restrict access to an Amazon S3 origin": the service, and the distribution's ARN. */
  it("is read by the page's distribution and nobody else", () => {
    const [distribution] = resourcesOf(addresses, "AWS::CloudFront::Distribution");
    const [policy] = resourcesOf(addresses, "AWS::S3::BucketPolicy");
    const { Statement } = z
      .object({ Statement: z.array(z.object({ Effect: z.string(), Action: z.json() }).loose()) })
      .parse(policy?.Properties.PolicyDocument);
    const allowed = Statement.filter(({ Effect }) => Effect === "Allow");
    expect(allowed.flatMap(({ Action }) => Action)).toEqual(["s3:GetObject", "s3:ListBucket"]);
    for (const statement of allowed) {
      expect(statement).toMatchObject({
        Principal: { Service: "cloudfront.amazonaws.com" },
        Condition: {
          StringEquals: {
            "AWS:SourceArn": {
              "Fn::Join": [
                "",
                [
                  "arn:",
                  { Ref: "AWS::Partition" },
                  ":cloudfront::",
                  { Ref: "AWS::AccountId" },
                  ":distribution/",
                  { Ref: distribution?.id },
                ],
              ],
            },
          },
        },
      });
    }
  });
});

describe("the site", () => {
  it("serves the bucket only, through origin access control, with its own 404", () => {
    addresses.hasResourceProperties("AWS::CloudFront::Distribution", {
      DistributionConfig: Match.objectLike({
        DefaultRootObject: "index.html",
        Origins: [Match.objectLike({ OriginAccessControlId: Match.anyValue() })],
        DefaultCacheBehavior: Match.objectLike({ ViewerProtocolPolicy: "redirect-to-https" }),
        CustomErrorResponses: Match.arrayWith([
          Match.objectLike({ ErrorCode: 404, ResponseCode: 404, ResponsePagePath: "/404.html" }),
        ]),
      }),
    });
  });

  it("sends CSP, HSTS, nosniff and frame rules with every file, and lets any site read what is public", () => {
    const policies = resourcesOf(addresses, "AWS::CloudFront::ResponseHeadersPolicy").map(configOf);
    expect(policies).toHaveLength(1);
    for (const policy of policies) {
      expect(policy.SecurityHeadersConfig).toMatchObject({
        StrictTransportSecurity: { Override: true },
        ContentTypeOptions: { Override: true },
        FrameOptions: { FrameOption: "DENY", Override: true },
      });
      const csp = JSON.stringify(policy.SecurityHeadersConfig);
      expect(csp).toContain("default-src 'none'");
      expect(csp).toContain("frame-ancestors 'none'");
      expect(csp).toContain("ApiEndpoint");
    }
    expect(policies[0]?.CorsConfig).toMatchObject({
      AccessControlAllowOrigins: { Items: ["*"] },
      AccessControlAllowCredentials: false,
    });
  });

  it("answers to a host of its own with its certificate", () => {
    const certificateArn = "arn:aws:acm:us-east-1:111111111111:certificate/one";
    const { addresses: custom } = synthesized(environmentOf({ pageUrl: "https://status.example.com", certificateArn }));
    custom.hasResourceProperties("AWS::CloudFront::Distribution", {
      DistributionConfig: Match.objectLike({
        Aliases: ["status.example.com"],
        ViewerCertificate: Match.objectLike({
          AcmCertificateArn: certificateArn,
          MinimumProtocolVersion: "TLSv1.2_2021",
        }),
      }),
    });
  });
});

describe("addresses", () => {
  it("are kept when the stack goes, and a resource leaves its template; a first try that failed leaves nothing", () => {
    const resources = z
      .record(
        z.string(),
        z.object({ DeletionPolicy: z.string().optional(), UpdateReplacePolicy: z.string().optional() }),
      )
      .parse(addresses.toJSON().Resources);
    expect(Object.keys(resources).length).toBeGreaterThan(5);
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of Object.entries(resources)) {
      expect([id, DeletionPolicy, UpdateReplacePolicy]).toEqual([id, "RetainExceptOnCreate", "Retain"]);
    }
    expect(deploymentOf().addresses.terminationProtection).toBe(true);
  });

  it("go with the stack where data need not be protected", () => {
    const { addresses: unprotected } = synthesized(environmentOf({ protectData: false }));
    for (const type of [
      "AWS::S3::Bucket",
      "AWS::ApiGatewayV2::Api",
      "AWS::CloudFront::Distribution",
      "AWS::SNS::Topic",
    ]) {
      unprotected.allResources(type, { DeletionPolicy: "Delete" });
    }
    expect(deploymentOf(environmentOf({ protectData: false })).addresses.terminationProtection).toBe(false);
    const properties = (template: typeof addresses) =>
      Object.entries(z.record(z.string(), z.object({ Properties: z.json() })).parse(template.toJSON().Resources)).map(
        ([id, { Properties }]) => [id, Properties],
      );
    expect(properties(unprotected)).not.toEqual(properties(addresses));
  });

  it("are names of the account that carry the region, so that one deployment may stand in two", () => {
    const names = [
      ...resourcesOf(addresses, "AWS::CloudFront::OriginAccessControl").map(
        ({ Properties }) => z.object({ Name: z.json() }).parse(Properties.OriginAccessControlConfig).Name,
      ),
      ...resourcesOf(addresses, "AWS::CloudFront::ResponseHeadersPolicy").map(
        ({ Properties }) => z.object({ Name: z.json() }).parse(Properties.ResponseHeadersPolicyConfig).Name,
      ),
      ...resourcesOf(addresses, "AWS::CloudFront::CachePolicy").map(
        ({ Properties }) => z.object({ Name: z.json() }).parse(Properties.CachePolicyConfig).Name,
      ),
    ];
    expect(names).toHaveLength(3);
    for (const name of names) expect(JSON.stringify(name)).toMatch(/-eu-central-1"$/);
  });

  it("of CloudFront are no longer than it takes, whatever the deployment is called", () => {
    const { addresses: long } = synthesized(environmentOf({ deployment: "D".repeat(61), region: "ap-southeast-2" }));
    for (const { Properties } of resourcesOf(long, "AWS::CloudFront::OriginAccessControl")) {
      const { Name } = z.object({ Name: z.string() }).parse(Properties.OriginAccessControlConfig);
      expect(Name).toMatch(/-ap-southeast-2$/);
      expect(Name.length).toBeLessThanOrEqual(64);
    }
  });
});

describe("hosts in a zone that we know", () => {
  const SETTINGS = {
    hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.com" },
    pageUrl: "https://status.example.com",
    subscriptionsUrl: "https://subscriptions.status.example.com",
    manageUrl: "https://manage.status.example.com",
  };
  const { addresses: custom, pipeline } = synthesized(environmentOf(SETTINGS));

  it("have their certificates, domain names and records beside the APIs' own hosts", () => {
    for (const host of ["subscriptions.status.example.com", "manage.status.example.com"]) {
      const [domainName] = resourcesOf(custom, "AWS::ApiGatewayV2::DomainName").filter(
        ({ Properties }) => Properties.DomainName === host,
      );
      const certificates = resourcesOf(custom, "AWS::CertificateManager::Certificate").filter(
        ({ Properties }) => Properties.DomainName === host,
      );
      expect(certificates).toMatchObject([
        {
          Properties: {
            ValidationMethod: "DNS",
            DomainValidationOptions: [{ DomainName: host, HostedZoneId: SETTINGS.hostedZone.id }],
          },
        },
      ]);
      expect(domainName?.Properties.DomainNameConfigurations).toMatchObject([
        { CertificateArn: { Ref: certificates[0]?.id }, EndpointType: "REGIONAL" },
      ]);
      custom.hasResourceProperties("AWS::Route53::RecordSet", {
        Name: `${host}.`,
        Type: "A",
        HostedZoneId: SETTINGS.hostedZone.id,
        AliasTarget: { DNSName: { "Fn::GetAtt": [domainName?.id, "RegionalDomainName"] } },
      });
    }
    for (const { Properties } of resourcesOf(custom, "AWS::ApiGatewayV2::Api")) {
      expect(Properties).not.toHaveProperty("DisableExecuteApiEndpoint");
    }
  });

  it("are mapped to the stages, which come and go with the pipeline", () => {
    const [one, other] = resourcesOf(custom, "AWS::ApiGatewayV2::DomainName").map(({ id }) => id);
    const mapped = resourcesOf(pipeline, "AWS::ApiGatewayV2::ApiMapping").map(({ Properties }) => Properties);
    expect(mapped).toHaveLength(2);
    const text = JSON.stringify(mapped);
    for (const id of [one, other]) expect(text).toContain(`OutputRef${id}`);
  });

  it("lead the page's host to the distribution, by IPv4 and IPv6, with a certificate of us-east-1", () => {
    const { certificate, app } = deploymentOf(environmentOf(SETTINGS));
    expect(certificate?.region).toBe("us-east-1");
    expect(certificate?.terminationProtection).toBe(true);
    rmSync(app.outdir, { recursive: true });
    const [distribution] = resourcesOf(custom, "AWS::CloudFront::Distribution");
    expect(distribution?.Properties.DistributionConfig).toMatchObject({
      Aliases: ["status.example.com"],
      ViewerCertificate: {
        AcmCertificateArn: {
          "Fn::GetStackOutput": { StackName: "TocsinCertificate", Region: "us-east-1", OutputName: expect.any(String) },
        },
      },
    });
    for (const Type of ["A", "AAAA"]) {
      custom.hasResourceProperties("AWS::Route53::RecordSet", {
        Name: "status.example.com.",
        Type,
        AliasTarget: { DNSName: { "Fn::GetAtt": [distribution?.id, "DomainName"] } },
      });
    }
  });

  it("take a certificate that is there already", () => {
    const certificateArn = "arn:aws:acm:us-east-1:111111111111:certificate/one";
    const { certificate, app } = deploymentOf(environmentOf({ ...SETTINGS, certificateArn }));
    rmSync(app.outdir, { recursive: true, force: true });
    expect(certificate).toBeNull();
  });

  it("stand in the texts and in the outputs", () => {
    expect(custom.toJSON().Outputs).toMatchObject({
      PageUrl: { Value: SETTINGS.pageUrl },
      ManageUrl: { Value: SETTINGS.manageUrl },
      SubscriptionsUrl: { Value: SETTINGS.subscriptionsUrl },
    });
  });
});

it("without a zone has no custom domain, and hosts are written into texts only", () => {
  const { addresses: texts } = synthesized(environmentOf({ subscriptionsUrl: "https://subscriptions.example.com" }));
  for (const type of [
    "AWS::ApiGatewayV2::DomainName",
    "AWS::Route53::RecordSet",
    "AWS::CertificateManager::Certificate",
  ]) {
    expect(resourcesOf(texts, type)).toEqual([]);
  }
});

function configOf({ Properties }: Resource) {
  return z
    .object({ SecurityHeadersConfig: z.unknown(), CorsConfig: z.unknown().optional() })
    .parse(Properties.ResponseHeadersPolicyConfig);
}
