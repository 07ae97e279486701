import { CreateBucketCommand } from "@aws-sdk/client-s3";
import * as z from "zod";
import { REGION } from "../account.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const ruleSchema = z.object({
  AllowedOrigins: z.array(z.string()),
  AllowedMethods: z.array(z.string()),
  AllowedHeaders: z.array(z.string()).default([]),
  MaxAge: z.number().optional(),
});
const propertiesSchema = z.object({
  BucketName: z.string().optional(),
  CorsConfiguration: z.object({ CorsRules: z.array(ruleSchema) }).optional(),
});

const LONGEST_NAME = 63;

export async function provisionBucket(request: ProvisionRequest): Promise<Provisioned> {
  const { BucketName = request.name.toLowerCase().slice(0, LONGEST_NAME), CorsConfiguration } = readProperties(
    propertiesSchema,
    request,
  );
  if (CorsConfiguration !== undefined) request.services.corsRules.set(BucketName, CorsConfiguration.CorsRules);
  await request.services.clients.s3.send(new CreateBucketCommand({ Bucket: BucketName }));
  return {
    ref: BucketName,
    attributes: {
      Arn: `arn:aws:s3:::${BucketName}`,
      DomainName: `${BucketName}.s3.amazonaws.com`,
      RegionalDomainName: `${BucketName}.s3.${REGION}.amazonaws.com`,
    },
  };
}
