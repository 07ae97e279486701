import { CreateQueueCommand, GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import * as z from "zod";
import type { Clients } from "../services.ts";
import { nameInArn, type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const propertiesSchema = z.object({
  QueueName: z.string().optional(),
  FifoQueue: z.boolean().default(false),
  ContentBasedDeduplication: z.boolean().optional(),
  DeduplicationScope: z.string().optional(),
  FifoThroughputLimit: z.string().optional(),
  VisibilityTimeout: z.number().optional(),
  DelaySeconds: z.number().optional(),
  MessageRetentionPeriod: z.number().optional(),
  ReceiveMessageWaitTimeSeconds: z.number().optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() }).optional(),
});

/** In SQS's API every attribute is text. */
const TEXT_ATTRIBUTES = [
  "ContentBasedDeduplication",
  "DeduplicationScope",
  "FifoThroughputLimit",
  "VisibilityTimeout",
  "DelaySeconds",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
] as const;

export async function provisionQueue(request: ProvisionRequest): Promise<Provisioned> {
  const properties = readProperties(propertiesSchema, request);
  const { sqs } = request.services.clients;
  const name = properties.QueueName ?? (properties.FifoQueue ? `${request.name}.fifo` : request.name);
  const attributes: Record<string, string> = {};
  if (properties.FifoQueue) attributes.FifoQueue = "true";
  for (const key of TEXT_ATTRIBUTES) {
    const value = properties[key];
    if (value !== undefined) attributes[key] = String(value);
  }
  if (properties.RedrivePolicy !== undefined) attributes.RedrivePolicy = JSON.stringify(properties.RedrivePolicy);
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
  return { ref: url, attributes: { Arn: Attributes?.QueueArn ?? "", QueueName: name, QueueUrl: url } };
}

export async function queueUrlOf(arn: string, { sqs }: Clients): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new GetQueueUrlCommand({ QueueName: nameInArn(arn) }));
  return QueueUrl;
}
