import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { sdkLogger } from "../lambda/sdk-logger.ts";

/** An update's, or a component change's: its `status` is the component's new one. */
export type TopicAttributes = { page: string; status: string; componentIds: readonly string[] } & (
  | { incident: string; impact: string }
  | { component: string }
);

export interface Topic {
  /** At least once, unordered. `json` is the webhook body. */
  publish(json: string, attributes: TopicAttributes): Promise<void>;
}

/** SNS topic for AWS-native subscribers. A failed publish fails the plan, which runs again: at least once. */
export function snsTopic(topicArn: string): Topic {
  const client = new SNSClient({ maxAttempts: 1, logger: sdkLogger });
  return {
    async publish(json, { componentIds, ...texts }) {
      const attributes = Object.entries(texts).map(([name, StringValue]) => [
        name,
        { DataType: "String", StringValue },
      ]);
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Message: json,
          MessageAttributes: {
            ...Object.fromEntries(attributes),
            component_ids: { DataType: "String.Array", StringValue: JSON.stringify(componentIds) },
          },
        }),
      );
    },
  };
}
