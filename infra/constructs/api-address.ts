import { DomainName, HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { ApiGatewayv2DomainProperties } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";

export interface ApiAddressProps {
  description: string;
  /** A host of its own and the zone for its records, or null for only the API's own host. */
  customDomain: { host: string; zone: IHostedZone } | null;
}

/**
 * The address of an HTTP API. The API's own host contains its id, so it lasts as long as this resource does; stage,
 * routes and functions come and go in another stack. Beside a custom domain the own host goes on answering: links in
 * sent mail lead there.
 */
export class ApiAddress extends Construct {
  readonly api: HttpApi;
  readonly domainName: DomainName | null;

  constructor(scope: Construct, id: string, { description, customDomain }: ApiAddressProps) {
    super(scope, id);
    this.api = new HttpApi(this, "Api", { description, createDefaultStage: false });
    this.domainName = customDomain === null ? null : this.newDomainName(customDomain);
  }

  /** Without a trailing slash. */
  get url(): string {
    return this.api.apiEndpoint;
  }

  private newDomainName({ host, zone }: { host: string; zone: IHostedZone }): DomainName {
    const certificate = new Certificate(this, "Certificate", {
      domainName: host,
      validation: CertificateValidation.fromDns(zone),
    });
    const domainName = new DomainName(this, "DomainName", { domainName: host, certificate });
    // An HTTP API's host has only IPv4 addresses, unless it is configured for more.
    new ARecord(this, "Record", {
      zone,
      recordName: host,
      target: RecordTarget.fromAlias(
        new ApiGatewayv2DomainProperties(domainName.regionalDomainName, domainName.regionalHostedZoneId),
      ),
    });
    return domainName;
  }
}
