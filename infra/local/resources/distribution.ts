import * as z from "zod";
import { REGION } from "../account.ts";
import { StartFailure } from "../failure.ts";
import { servePage } from "../page-server.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const items = z.object({ Items: z.array(z.string()) });
const headersPolicySchema = z.object({
  ResponseHeadersPolicyConfig: z.object({
    CorsConfig: z
      .object({
        AccessControlAllowOrigins: items,
        AccessControlAllowMethods: items,
        AccessControlAllowHeaders: items,
        AccessControlMaxAgeSec: z.number().optional(),
      })
      .optional(),
    SecurityHeadersConfig: z
      .object({
        ContentSecurityPolicy: z.object({ ContentSecurityPolicy: z.string() }).optional(),
        ContentTypeOptions: z.object({}).optional(),
        FrameOptions: z.object({ FrameOption: z.string() }).optional(),
        ReferrerPolicy: z.object({ ReferrerPolicy: z.string() }).optional(),
      })
      .optional(),
  }),
});

const behaviorSchema = z.object({
  ResponseHeadersPolicyId: z.string().optional(),
  OriginRequestPolicyId: z.string().optional(),
  AllowedMethods: z.array(z.string()).default(["GET", "HEAD"]),
});
/** CloudFront's managed policy CORS-S3Origin: the bucket gets Origin and the two headers of a preflight. */
const FORWARDS_ORIGIN = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf";
const distributionSchema = z.object({
  DistributionConfig: z.object({
    DefaultRootObject: z.string().default(""),
    Origins: z.array(z.object({ DomainName: z.string() })).length(1, "must be one bucket"),
    DefaultCacheBehavior: behaviorSchema,
    CacheBehaviors: z.array(behaviorSchema.extend({ PathPattern: z.string() })).default([]),
    CustomErrorResponses: z
      .array(
        z.object({
          ErrorCode: z.number(),
          ResponseCode: z.number().optional(),
          ResponsePagePath: z.string().optional(),
        }),
      )
      .default([]),
  }),
});

/**
 * What readers reach. Of the distribution, this serves paths, headers and error pages; it does no caching and no TLS.
 */
export function distributionKinds() {
  const policies = new Map<string, Record<string, string>>();

  const provisionHeadersPolicy = async (request: ProvisionRequest): Promise<Provisioned> => {
    const { ResponseHeadersPolicyConfig } = readProperties(headersPolicySchema, request);
    policies.set(request.name, headersOf(ResponseHeadersPolicyConfig));
    return { ref: request.name, attributes: { Id: request.name } };
  };

  const provisionDistribution = async (request: ProvisionRequest): Promise<Provisioned> => {
    const { DistributionConfig: config } = readProperties(distributionSchema, request);
    const headersFor = (policyId: string | undefined) => policies.get(policyId ?? "") ?? {};
    const served = (behavior: z.output<typeof behaviorSchema>) => ({
      headers: headersFor(behavior.ResponseHeadersPolicyId),
      methods: behavior.AllowedMethods,
      forwardsOrigin: behavior.OriginRequestPolicyId === FORWARDS_ORIGIN,
    });
    const { services } = request;
    services.at("serve", async () => {
      const stop = await servePage({
        port: services.pagePort,
        s3: services.clients.s3,
        bucket: bucketOf(config.Origins[0]?.DomainName ?? "", request),
        rootObject: config.DefaultRootObject,
        behaviors: config.CacheBehaviors.map((behavior) => ({
          pathPattern: behavior.PathPattern,
          ...served(behavior),
        })),
        defaultBehavior: served(config.DefaultCacheBehavior),
        corsRulesOf: (bucket) => services.corsRules.get(bucket) ?? [],
        errorPages: config.CustomErrorResponses.map(({ ErrorCode, ResponseCode, ResponsePagePath }) => ({
          status: ErrorCode,
          becomes: ResponseCode ?? ErrorCode,
          path: ResponsePagePath ?? null,
        })),
        cacheControlOf: services.cacheControlOf,
        log: services.log,
      });
      services.whenStopped(stop);
    });
    return { ref: request.name, attributes: { Id: request.name, DomainName: `${request.name}.invalid` } };
  };

  return { provisionHeadersPolicy, provisionDistribution };
}

function bucketOf(domainName: string, { path }: ProvisionRequest): string {
  const suffix = `.s3.${REGION}.amazonaws.com`;
  if (!domainName.endsWith(suffix)) throw new StartFailure(`${path} serves ${domainName}, which is no bucket here`);
  return domainName.slice(0, -suffix.length);
}

/** Strict-Transport-Security is left out: it means nothing without TLS. */
function headersOf({
  CorsConfig: cors,
  SecurityHeadersConfig: security,
}: z.infer<typeof headersPolicySchema>["ResponseHeadersPolicyConfig"]): Record<string, string> {
  const headers: Record<string, string> = {};
  if (security?.ContentSecurityPolicy) {
    headers["content-security-policy"] = security.ContentSecurityPolicy.ContentSecurityPolicy;
  }
  if (security?.ContentTypeOptions) headers["x-content-type-options"] = "nosniff";
  if (security?.FrameOptions) headers["x-frame-options"] = security.FrameOptions.FrameOption;
  if (security?.ReferrerPolicy) headers["referrer-policy"] = security.ReferrerPolicy.ReferrerPolicy;
  if (cors !== undefined) {
    headers["access-control-allow-origin"] = cors.AccessControlAllowOrigins.Items.join(",");
    headers["access-control-allow-methods"] = cors.AccessControlAllowMethods.Items.join(",");
    headers["access-control-allow-headers"] = cors.AccessControlAllowHeaders.Items.join(",");
  }
  return headers;
}
