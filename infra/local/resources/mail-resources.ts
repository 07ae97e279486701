import { PublishCommand } from "@aws-sdk/client-sns";
import * as z from "zod";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const configurationSetSchema = z.object({ Name: z.string().optional() });

/** Every email carries its name; the local mail provider does nothing with it. */
export async function provisionConfigurationSet(request: ProvisionRequest): Promise<Provisioned> {
  const { Name = request.name } = readProperties(configurationSetSchema, request);
  return { ref: Name, attributes: {} };
}

const destinationSchema = z.object({
  ConfigurationSetName: z.string(),
  EventDestination: z.object({
    Enabled: z.boolean(),
    MatchingEventTypes: z.array(z.enum(["bounce", "complaint"])),
    SnsDestination: z.object({ TopicARN: z.string() }),
  }),
});

/** What SES publishes when it gets a topic, to see that it may. */
const TOPIC_IS_VALID = "Successfully validated SNS topic for Amazon SES event publishing.";

/** Mail to the mailbox simulator comes back through the topic: see emulators/mailbox-simulator.ts. */
export async function provisionEventDestination(request: ProvisionRequest): Promise<Provisioned> {
  const { ConfigurationSetName, EventDestination } = readProperties(destinationSchema, request);
  const { sns } = request.services.clients;
  const publish = async (text: string) => {
    await sns.send(new PublishCommand({ TopicArn: EventDestination.SnsDestination.TopicARN, Message: text }));
  };
  if (EventDestination.Enabled) {
    const destination = { configurationSet: ConfigurationSetName, types: EventDestination.MatchingEventTypes, publish };
    request.services.addFeedbackDestination(destination);
    // By then everything exists: the topic's subscribers may be made after this.
    request.services.at("serve", () => publish(TOPIC_IS_VALID));
  }
  return { ref: request.name, attributes: { Id: request.name } };
}
