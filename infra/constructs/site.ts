import { Duration, Names, Stack, Validations } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import {
  AccessLevel,
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginRequestPolicy,
  ResponseHeadersPolicy,
  type ResponseHeadersPolicyProps,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { S3BucketOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { AaaaRecord, ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { CloudFrontTarget } from "aws-cdk-lib/aws-route53-targets";
import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

export interface SiteProps {
  /** Forms on the page post there, to another host. */
  subscriptionsUrl: string;
  /**
   * The page's own host, its certificate and, if we know it, the zone for its records; null for the distribution's
   * host.
   */
  customDomain: { host: string; certificateArn: string; zone: IHostedZone | null } | null;
}

/**
 * What readers reach: the bucket's files, and nothing that computes. Every file can be written again from the tables.
 */
export class Site extends Construct {
  readonly bucket: Bucket;
  /** Without a trailing slash. */
  readonly url: string;

  constructor(scope: Construct, id: string, { subscriptionsUrl, customDomain }: SiteProps) {
    super(scope, id);
    this.bucket = newBucket(this);
    const origin = S3BucketOrigin.withOriginAccessControl(this.bucket, {
      // ListBucket makes a missing file a 404.
      originAccessLevels: [AccessLevel.READ, AccessLevel.LIST],
      originAccessControl: new S3OriginAccessControl(this, "OriginAccessControl", {
        originAccessControlName: nameInAccount(this, "Oac", 64),
      }),
    });
    Validations.of(this).acknowledge({
      id: "@aws-cdk/aws-cloudfront-origins:listBucketSecurityRisk",
      reason: "The distribution has a default root object, and every file is public and named by the page.",
    });
    const cachePolicy = new CachePolicy(this, "CachePolicy", {
      comment: "As long as the file's own Cache-Control says",
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.days(365),
      enableAcceptEncodingBrotli: true,
      enableAcceptEncodingGzip: true,
    });
    const behavior: BehaviorOptions = {
      origin,
      cachePolicy,
      // OPTIONS goes to the bucket. The bucket answers a browser's preflight by its own rules if it gets the three
      // headers that those need (S3 user guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?").
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      originRequestPolicy: OriginRequestPolicy.CORS_S3_ORIGIN,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      compress: true,
      // All files are public and the same for everybody, so any site may read them.
      responseHeadersPolicy: new ResponseHeadersPolicy(this, "SecuredForAll", {
        responseHeadersPolicyName: nameInAccount(this, "SecuredForAll", 128),
        ...securityHeaders(subscriptionsUrl),
        corsBehavior: {
          accessControlAllowOrigins: ["*"],
          accessControlAllowMethods: ["GET", "HEAD"],
          accessControlAllowHeaders: ["*"],
          accessControlAllowCredentials: false,
          accessControlMaxAge: Duration.days(1),
          originOverride: true,
        },
      }),
    };
    const distribution = new Distribution(this, "Distribution", {
      comment: "Tocsin: status page",
      defaultRootObject: "index.html",
      defaultBehavior: behavior,
      errorResponses: [
        { httpStatus: 404, responseHttpStatus: 404, responsePagePath: "/404.html", ttl: Duration.seconds(10) },
        { httpStatus: 403, responseHttpStatus: 404, responsePagePath: "/404.html", ttl: Duration.seconds(10) },
      ],
      httpVersion: HttpVersion.HTTP2_AND_3,
      ...(customDomain === null
        ? {}
        : {
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
            domainNames: [customDomain.host],
            certificate: Certificate.fromCertificateArn(this, "Certificate", customDomain.certificateArn),
          }),
    });
    this.url = `https://${distribution.distributionDomainName}`;
    Validations.of(distribution).acknowledge(
      { id: "AwsSolutions::AwsSolutions-CFR1", reason: "A status page is for readers everywhere." },
      {
        id: "AwsSolutions::AwsSolutions-CFR2",
        reason:
          "Only files are served, to GET, HEAD and OPTIONS: there is nothing behind it for a firewall to protect.",
      },
      {
        id: "AwsSolutions::AwsSolutions-CFR3",
        reason: "A log of the readers' addresses would be personal data kept for no purpose.",
      },
    );
    if (customDomain !== null) {
      if (customDomain.zone !== null) addRecords(this, { ...customDomain, zone: customDomain.zone, distribution });
      return;
    }
    Validations.of(distribution).acknowledge({
      id: "AwsSolutions::AwsSolutions-CFR4",
      reason: "CloudFront fixes the protocols of its own *.cloudfront.net names; with certificateArn it is TLS 1.2.",
    });
  }
}

/**
 * CloudFront's names are unique in the account, in whatever region the stack is: with the region in the name, one
 * deployment may stand in two.
 */
function nameInAccount(scope: Construct, what: string, maxLength: number): string {
  const { region } = Stack.of(scope);
  const longestRegion = "ap-southeast-99".length;
  const name = Names.uniqueResourceName(scope, { maxLength: maxLength - what.length - longestRegion - 2 });
  return `${name}-${what}-${region}`;
}

function addRecords(
  scope: Construct,
  { host, zone, distribution }: { host: string; zone: IHostedZone; distribution: Distribution },
): void {
  const record = { zone, recordName: host, target: RecordTarget.fromAlias(new CloudFrontTarget(distribution)) };
  new ARecord(scope, "Record", record);
  new AaaaRecord(scope, "Record6", record);
}

function newBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, "Bucket", {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    // Every file can be written again from the tables, so old versions would only cost.
    versioned: false,
    // Any site may ask for any public file: there is nothing but reading.
    cors: [
      {
        allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
        allowedOrigins: ["*"],
        allowedHeaders: ["*"],
        maxAge: 86_400,
      },
    ],
  });
  Validations.of(bucket).acknowledge({
    id: "AwsSolutions::AwsSolutions-S1",
    reason:
      "Holds nothing but the public page, and only CloudFront and publish-page reach it; a log of its readers would be personal data kept for no purpose.",
  });
  return bucket;
}

function securityHeaders(subscriptionsUrl: string): ResponseHeadersPolicyProps {
  const policy = [
    "default-src 'none'",
    // Each page also names the hash of its own style; a header over all files cannot.
    "style-src 'unsafe-inline'",
    // A page with a logo also names its origin, which may change without a deployment.
    "img-src 'self' data: https:",
    `form-action ${subscriptionsUrl}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    securityHeadersBehavior: {
      contentSecurityPolicy: { contentSecurityPolicy: policy.join("; "), override: true },
      strictTransportSecurity: { accessControlMaxAge: Duration.days(730), includeSubdomains: true, override: true },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override: true },
    },
  };
}
