import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { SENDING_TIMES } from "../lambda/sdk-times.ts";
import { refusalOf } from "./refusal.ts";
import type { Refusal } from "./refusal-rules.ts";

/** Of an update or a component change. A change's `status` is the component's new one. */
export type TopicAttributes = { page: string; status: string; componentIds: readonly string[] } & (
  | { incident: string; impact: string }
  | { component: string }
);

export type TopicOutcome =
  | { outcome: "published" }
  /** The topic may take it later: something is wrong with us, or with SNS. */
  | { outcome: "unavailable"; reason: string }
  /** The topic will never take it: it is too long, or means nothing to SNS. */
  | { outcome: "refused"; reason: string };

export interface Topic {
  /** At least once, unordered. `json` is the webhook body. */
  publish(json: string, attributes: TopicAttributes): Promise<TopicOutcome>;
}

/**
 * Attributes count towards the size of what is published, at 16 bytes an id. An incident that has affected more
 * components than this names the first ones. The body says which are meant.
 */
const MOST_IDS = 2_500;

/** SNS topic for AWS-native subscribers. */
export function snsTopic(topicArn: string): Topic {
  const client = new SNSClient({ maxAttempts: 1, logger: sdkLogger, requestHandler: SENDING_TIMES });
  return {
    async publish(json, { componentIds, ...texts }) {
      const attributes = Object.entries(texts).map(([name, StringValue]) => [
        name,
        { DataType: "String", StringValue },
      ]);
      const publication = new PublishCommand({
        TopicArn: topicArn,
        Message: json,
        MessageAttributes: {
          ...Object.fromEntries(attributes),
          component_ids: { DataType: "String.Array", StringValue: JSON.stringify(componentIds.slice(0, MOST_IDS)) },
        },
      });
      try {
        await client.send(publication);
        return { outcome: "published" };
      } catch (error) {
        return topicOutcomeOf(refusalOf("sns topic", error));
      }
    },
  };
}

function topicOutcomeOf(refusal: Refusal): TopicOutcome {
  switch (refusal.whose) {
    case "sender":
      return { outcome: "unavailable", reason: refusal.problem };
    case "throttle":
    case "quota":
      return { outcome: "unavailable", reason: refusal.whose };
    case "nobody knows":
      return { outcome: "unavailable", reason: refusal.reason };
    case "unclear":
    case "recipient":
      return { outcome: "refused", reason: refusal.reason };
    case "opted out":
      return { outcome: "refused", reason: refusal.whose };
  }
}
