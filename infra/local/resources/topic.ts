import { CreateTopicCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import * as z from "zod";
import { nameInArn, type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const topicSchema = z.object({ TopicName: z.string().optional(), FifoTopic: z.literal(false).optional() });

export async function provisionTopic(request: ProvisionRequest): Promise<Provisioned> {
  const { TopicName } = readProperties(topicSchema, request);
  const { TopicArn = "" } = await request.services.clients.sns.send(
    new CreateTopicCommand({ Name: TopicName ?? request.name }),
  );
  return { ref: TopicArn, attributes: { TopicArn, TopicName: nameInArn(TopicArn) } };
}

const subscriptionSchema = z.object({
  TopicArn: z.string(),
  Protocol: z.string(),
  Endpoint: z.string(),
  RawMessageDelivery: z.boolean().default(false),
  FilterPolicy: z.unknown().optional(),
  FilterPolicyScope: z.string().optional(),
});

export async function provisionSubscription(request: ProvisionRequest): Promise<Provisioned> {
  const { TopicArn, Protocol, Endpoint, ...properties } = readProperties(subscriptionSchema, request);
  const Attributes: Record<string, string> = { RawMessageDelivery: String(properties.RawMessageDelivery) };
  if (properties.FilterPolicy !== undefined) Attributes.FilterPolicy = JSON.stringify(properties.FilterPolicy);
  if (properties.FilterPolicyScope !== undefined) Attributes.FilterPolicyScope = properties.FilterPolicyScope;
  const { SubscriptionArn = "" } = await request.services.clients.sns.send(
    new SubscribeCommand({ TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn: true }),
  );
  return { ref: SubscriptionArn, attributes: { Arn: SubscriptionArn } };
}
