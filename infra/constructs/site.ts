import { Duration, Validations } from "aws-cdk-lib";
import { Certificate } from "aws-cdk-lib/aws-certificatemanager";
import {
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
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from "aws-cdk-lib/aws-cloudfront";
import { S3BucketOrigin } from "aws-cdk-lib/aws-cloudfront-origins";
import { Bucket, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

export interface SiteProps {
  bucket: IBucket;
  /** Forms on the page post there, across hosts. */
  subscriptionsUrl: string;
  /** The page's own address and its certificate, or null for the distribution's. */
  customDomain: { host: string; certificateArn: string } | null;
}

/** What readers reach: the bucket's files and nothing that computes. */
export class Site extends Construct {
  /** Without a trailing slash. */
  readonly url: string;

  constructor(scope: Construct, id: string, { bucket, subscriptionsUrl, customDomain }: SiteProps) {
    super(scope, id);
    // By name, so that the bucket's policy stays beside the bucket: see newSiteBucket.
    const origin = S3BucketOrigin.withOriginAccessControl(
      Bucket.fromBucketAttributes(this, "Bucket", {
        bucketName: bucket.bucketName,
        bucketArn: bucket.bucketArn,
        bucketRegionalDomainName: bucket.bucketRegionalDomainName,
      }),
    );
    Validations.of(this).acknowledge({
      id: "@aws-cdk/aws-cloudfront-origins:updateImportedBucketPolicyOac",
      reason: "The bucket's policy lets this account's distributions read it.",
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
      // OPTIONS goes to the bucket, which answers a browser's preflight by its own rules if it is given the three headers
      // that they ask for (S3 user guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?").
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
      originRequestPolicy: OriginRequestPolicy.CORS_S3_ORIGIN,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      compress: true,
      // All files are public and the same for everybody, so any site may read them.
      responseHeadersPolicy: new ResponseHeadersPolicy(this, "SecuredForAll", {
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
    if (customDomain !== null) return;
    Validations.of(distribution).acknowledge({
      id: "AwsSolutions::AwsSolutions-CFR4",
      reason: "CloudFront fixes the protocols of its own *.cloudfront.net names; with certificateArn it is TLS 1.2.",
    });
  }
}

function securityHeaders(subscriptionsUrl: string): ResponseHeadersPolicyProps {
  const policy = [
    "default-src 'none'",
    // Each page names the hash of its own style besides; a header over all files cannot.
    "style-src 'unsafe-inline'",
    // A page with a logo names its origin besides; which that is may change without a deployment.
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
