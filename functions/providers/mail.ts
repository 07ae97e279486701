import { GetSendQuotaCommand, SESClient, SendRawEmailCommand } from "@aws-sdk/client-ses";
import type { AttemptOutcome } from "../core/attempt.ts";
import { NO_SENDER_SET } from "../core/sender-problem.ts";
import { sdkLogger } from "../lambda/sdk-logger.ts";
import { SENDING_TIMES, SERVICE_TIMES } from "../lambda/sdk-times.ts";
import { outcomeOf, refusalOf } from "./refusal.ts";

interface MailToSend {
  to: string;
  /** A whole RFC 5322 text, CRLF line ends, 7-bit. */
  raw: string;
  /** SES message tags: names and values of [A-Za-z0-9_-]. */
  tags: Readonly<Record<string, string>>;
}

interface MailQuota {
  perSecond: number;
  /** Sends that are left for updates in the rolling 24 hours, without those kept for letters; null when unlimited. */
  leftToday: number | null;
  /** All that SES takes within 24 hours. */
  perDay?: number;
}

export interface Mail {
  send(mail: MailToSend): Promise<AttemptOutcome>;
}

export interface MailLimits {
  quota(): Promise<MailQuota>;
}

/** The share of the daily quota that is kept for letters. */
const KEPT_SHARE = 0.02;
const DAY_SECONDS = 24 * 60 * 60;

/**
 * SES's classic API, because only its raw call carries List-Unsubscribe. One attempt a call, because SES has no
 * idempotency token.
 */
export function sesMail(configurationSet: string, from: string): Mail {
  const client = new SESClient({ maxAttempts: 1, logger: sdkLogger, requestHandler: SENDING_TIMES });
  return {
    async send({ to, raw, tags }) {
      try {
        const answer = await client.send(
          new SendRawEmailCommand({
            Source: from,
            Destinations: [to],
            RawMessage: { Data: Buffer.from(raw, "latin1") },
            ConfigurationSetName: configurationSet,
            Tags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
          }),
        );
        return { outcome: "accepted", providerId: answer.MessageId ?? null };
      } catch (error) {
        return outcomeOf(refusalOf("ses", error, { from, to }));
      }
    },
  };
}

/** Without a sender mail waits, as for anything else that is wrong with us, until one is set. */
export const noMail: Mail = {
  send: async () => ({ outcome: "sender problem", reason: NO_SENDER_SET, reach: "everybody" }),
};

/** The account's present limits. Only sweep asks for them: SES allows one such call a second. */
export function sesLimits(): MailLimits {
  const client = new SESClient({ logger: sdkLogger, requestHandler: SERVICE_TIMES });
  return {
    async quota() {
      const {
        Max24HourSend = -1,
        SentLast24Hours = 0,
        MaxSendRate = 1,
      } = await client.send(new GetSendQuotaCommand({}));
      // The known figure is up to a minute old, so this much is kept in addition: letters have their own share to
      // themselves.
      const kept = Math.max(KEPT_SHARE * Max24HourSend, 60 * MaxSendRate);
      // SES says -1 where there is no daily limit.
      return {
        perSecond: MaxSendRate,
        leftToday: Max24HourSend < 0 ? null : Math.max(0, Max24HourSend - SentLast24Hours - kept),
        perDay: Max24HourSend < 0 ? MaxSendRate * DAY_SECONDS : Max24HourSend,
      };
    },
  };
}
