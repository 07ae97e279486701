import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { AttemptOutcome } from "../core/attempt.ts";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { BOUNDED } from "./bounded.ts";
import { callFailure, isThrottled } from "./call-failure.ts";

export interface Sms {
  /** `phone` is E.164. */
  send(phone: string, text: string): Promise<AttemptOutcome>;
}

/** SNS to a phone number. One attempt a call: SNS has no idempotency token here. `maxPrice` in USD. */
export function snsSms(maxPrice: string): Sms {
  const client = new SNSClient({ maxAttempts: 1, logger: sdkLogger, requestHandler: BOUNDED });
  return {
    async send(phone, text) {
      try {
        const answer = await client.send(
          new PublishCommand({
            PhoneNumber: phone,
            Message: text,
            MessageAttributes: {
              "AWS.SNS.SMS.SMSType": { DataType: "String", StringValue: "Transactional" },
              "AWS.SNS.SMS.MaxPrice": { DataType: "Number", StringValue: maxPrice },
            },
          }),
        );
        return { outcome: "accepted", providerId: answer.MessageId ?? null };
      } catch (error) {
        if (isThrottled(error)) return { outcome: "throttled" };
        // SNS answers InvalidParameter to a number whose holder replied STOP.
        if (error instanceof Error && /opted out/i.test(error.message)) return { outcome: "gone", reason: "opted out" };
        return callFailure(error);
      }
    },
  };
}
