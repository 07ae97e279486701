import { ListPhoneNumbersOptedOutCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import type { AttemptOutcome } from "../core/attempt.ts";
import { smsSize } from "../core/sms-size.ts";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { SENDING_TIMES, SERVICE_TIMES } from "../lambda/sdk-times.ts";
import { outcomeOf, refusalOf } from "./refusal.ts";

export interface Sms {
  /** `phone` is E.164, `country` its ISO 3166 code. */
  send(to: { phone: string; country: string }, text: string): Promise<AttemptOutcome>;
}

/** The numbers that answered STOP to this account. */
export interface OptOuts {
  /** Up to 100 numbers (E.164), after the page that gave `next`. */
  page(after: string | null): Promise<{ phones: string[]; next: string | null }>;
}

/**
 * SNS to a phone number. One attempt a call, because SNS has no idempotency token here. `maxPrice` in USD, for each
 * segment. `senderId` is shown as the sender in countries that allow it, and ignored elsewhere.
 */
export function snsSms(maxPrice: number, senderId: string | null): Sms {
  const client = new SNSClient({ maxAttempts: 1, logger: sdkLogger, requestHandler: SENDING_TIMES });
  return {
    async send({ phone }, text) {
      try {
        const answer = await client.send(
          new PublishCommand({
            PhoneNumber: phone,
            Message: text,
            MessageAttributes: {
              "AWS.SNS.SMS.SMSType": { DataType: "String", StringValue: "Transactional" },
              "AWS.SNS.SMS.MaxPrice": { DataType: "Number", StringValue: priceOf(text, maxPrice) },
              ...(senderId === null ? {} : { "AWS.SNS.SMS.SenderID": { DataType: "String", StringValue: senderId } }),
            },
          }),
        );
        return { outcome: "accepted", providerId: answer.MessageId ?? null };
      } catch (error) {
        return outcomeOf(refusalOf("sns sms", error, { from: "", to: phone }));
      }
    },
  };
}

/**
 * SNS bills each segment, and compares the price of all of them with the maximum:
 * https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html
 */
function priceOf(text: string, maxPrice: number): string {
  return String(Number((maxPrice * smsSize(text).segments).toFixed(6)));
}

export function snsOptOuts(): OptOuts {
  const client = new SNSClient({ logger: sdkLogger, requestHandler: SERVICE_TIMES });
  return {
    async page(after) {
      const { phoneNumbers = [], nextToken } = await client.send(
        new ListPhoneNumbersOptedOutCommand({ nextToken: after ?? undefined }),
      );
      return { phones: phoneNumbers, next: nextToken ?? null };
    },
  };
}
