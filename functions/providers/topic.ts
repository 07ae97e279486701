import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { sdkLogger } from "../lambda/sdk-logger.ts";

export interface TopicAttributes {
  page: string;
  incident: string;
  status: string;
  impact: string;
  componentIds: readonly string[];
}

export interface Topic {
  /** At least once, unordered. `json` is the webhook body. */
  publish(json: string, attributes: TopicAttributes): Promise<void>;
}

/** SNS topic for AWS-native subscribers. A failed publish fails the plan, which runs again: at least once. */
export function snsTopic(topicArn: string): Topic {
  const client = new SNSClient({ maxAttempts: 1, logger: sdkLogger });
  return {
    async publish(json, { page, incident, status, impact, componentIds }) {
      const text = (StringValue: string) => ({ DataType: "String", StringValue });
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Message: json,
          MessageAttributes: {
            page: text(page),
            incident: text(incident),
            status: text(status),
            impact: text(impact),
            component_ids: { DataType: "String.Array", StringValue: JSON.stringify(componentIds) },
          },
        }),
      );
    },
  };
}
