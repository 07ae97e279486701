import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  PinpointSMSVoiceV2Client,
  paginateDescribePhoneNumbers,
  paginateDescribeSenderIds,
} from "@aws-sdk/client-pinpoint-sms-voice-v2";
import {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetEmailIdentityCommand,
  NotFoundException,
  SESv2Client,
} from "@aws-sdk/client-sesv2";
import {
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
} from "@aws-sdk/client-sns";
import type { Account } from "./account.ts";

/** The account that the shell's credentials are of. */
export function awsAccount(region: string): Account {
  const ses = new SESv2Client({ region });
  const sns = new SNSClient({ region });
  const voice = new PinpointSMSVoiceV2Client({ region });
  const lambda = new LambdaClient({ region });
  return {
    async mail() {
      const account = await ses.send(new GetAccountCommand({}));
      return {
        isInSandbox: account.ProductionAccessEnabled !== true,
        review: account.Details?.ReviewDetails?.Status ?? null,
        isSending: account.SendingEnabled === true,
        enforcement: account.EnforcementStatus ?? "unknown",
        perSecond: account.SendQuota?.MaxSendRate ?? 0,
        perDay: account.SendQuota?.Max24HourSend ?? 0,
      };
    },
    async mailIdentity(name) {
      const identity = await orNull(ses.send(new GetEmailIdentityCommand({ EmailIdentity: name })));
      if (identity === null) return null;
      const { MailFromDomainStatus, BehaviorOnMxFailure } = identity.MailFromAttributes ?? {};
      return {
        isVerified: identity.VerifiedForSendingStatus === true,
        isDkimSigned: identity.DkimAttributes?.SigningEnabled === true && identity.DkimAttributes.Status === "SUCCESS",
        dkimTokens: identity.DkimAttributes?.Tokens ?? [],
        isMailFromRefused:
          MailFromDomainStatus !== undefined &&
          MailFromDomainStatus !== "SUCCESS" &&
          BehaviorOnMxFailure === "REJECT_MESSAGE",
      };
    },
    async configurationSet(name) {
      const set = await orNull(ses.send(new GetConfigurationSetCommand({ ConfigurationSetName: name })));
      if (set === null) return null;
      return {
        isSending: set.SendingOptions?.SendingEnabled !== false,
        suppressed: set.SuppressionOptions?.SuppressedReasons ?? [],
      };
    },
    async sms() {
      const [sandbox, spending] = await Promise.all([
        sns.send(new GetSMSSandboxAccountStatusCommand({})),
        sns.send(new GetSMSAttributesCommand({ attributes: ["MonthlySpendLimit"] })),
      ]);
      // Absent: never changed, and one dollar (SNS docs, "Setting preferences").
      return {
        isInSandbox: sandbox.IsInSandbox === true,
        monthlyLimitUsd: Number(spending.attributes?.MonthlySpendLimit ?? 1),
      };
    },
    async origination() {
      const numbers: string[] = [];
      for await (const { PhoneNumbers = [] } of paginateDescribePhoneNumbers({ client: voice }, {})) {
        for (const { IsoCountryCode } of PhoneNumbers) if (IsoCountryCode !== undefined) numbers.push(IsoCountryCode);
      }
      const senderIds: string[] = [];
      for await (const { SenderIds = [] } of paginateDescribeSenderIds({ client: voice }, {})) {
        for (const { IsoCountryCode } of SenderIds) if (IsoCountryCode !== undefined) senderIds.push(IsoCountryCode);
      }
      return { numbers, senderIds };
    },
    async concurrency() {
      const { AccountLimit } = await lambda.send(new GetAccountSettingsCommand({}));
      return AccountLimit?.ConcurrentExecutions ?? 0;
    },
    async alarmReceivers(topicArn) {
      const receivers: { address: string; isConfirmed: boolean }[] = [];
      for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
        { client: sns },
        { TopicArn: topicArn },
      )) {
        for (const { Endpoint = "", SubscriptionArn = "" } of Subscriptions) {
          receivers.push({ address: Endpoint, isConfirmed: SubscriptionArn.startsWith("arn:") });
        }
      }
      return receivers;
    },
    async visit(url) {
      try {
        const { status, body } = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
        await body?.cancel();
        return status;
      } catch (error) {
        // What is wrong is below "fetch failed".
        throw error instanceof Error && error.cause instanceof Error ? error.cause : error;
      }
    },
  };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotFoundException) return null;
    throw error;
  }
}
