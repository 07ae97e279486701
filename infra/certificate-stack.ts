import { Stack, type StackProps } from "aws-cdk-lib";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { HostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import type { Settings } from "./settings.ts";

export interface CertificateStackProps extends StackProps {
  host: string;
  hostedZone: NonNullable<Settings["hostedZone"]>;
  protectData: boolean;
}

/**
 * CloudFront takes only certificates from us-east-1, so the page's has a stack there (CloudFront developer guide,
 * "Requirements for using SSL/TLS certificates with CloudFront").
 */
export class CertificateStack extends Stack {
  readonly certificate: Certificate;

  constructor(scope: Construct, id: string, { host, hostedZone, protectData, ...props }: CertificateStackProps) {
    super(scope, id, { ...props, terminationProtection: protectData });
    const zone = HostedZone.fromHostedZoneAttributes(this, "Zone", {
      hostedZoneId: hostedZone.id,
      zoneName: hostedZone.name,
    });
    this.certificate = new Certificate(this, "Page", {
      domainName: host,
      validation: CertificateValidation.fromDns(zone),
    });
  }
}
