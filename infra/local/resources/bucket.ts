import { CreateBucketCommand } from "@aws-sdk/client-s3";
import * as z from "zod";
import { REGION } from "../services.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const propertiesSchema = z.object({ BucketName: z.string().optional() });

const LONGEST_NAME = 63;

export async function provisionBucket(request: ProvisionRequest): Promise<Provisioned> {
  const { BucketName = request.name.toLowerCase().slice(0, LONGEST_NAME) } = readProperties(propertiesSchema, request);
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
