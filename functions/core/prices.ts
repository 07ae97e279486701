import type { Channel } from "./subscriber.ts";

/** What AWS charges for sending, in USD: the only such figures in the project. */
const PRICES = {
  /** When they were last written down. The price lists are the truth. */
  asOf: "2026-11-23",
  source: "https://aws.amazon.com/ses/pricing/",
  /** SES, from the first email on. The data of mails like ours (under 60 kB) costs less than a tenth of it. */
  emailsPerThousand: 0.1,
} as const;

export interface CostEstimate {
  /** Null if no figure can be given. */
  usd: number | null;
  /** What it costs at most; null if nothing limits it. */
  atMostUsd: number | null;
  basis: string;
}

/** What one update costs on a channel, beyond the infrastructure's own cost. */
export function estimateCost(
  channel: Channel,
  recipients: number,
  sms: { segments: number; maxPriceUsd: number },
): CostEstimate {
  switch (channel) {
    case "email": {
      const usd = inMicros((recipients * PRICES.emailsPerThousand) / 1_000);
      const basis = `SES: ${PRICES.emailsPerThousand} USD per 1,000 emails (price of ${PRICES.asOf})`;
      return { usd, atMostUsd: usd, basis };
    }
    case "sms": {
      const segments = recipients * sms.segments;
      return {
        usd: recipients === 0 ? 0 : null,
        atMostUsd: inMicros(segments * sms.maxPriceUsd),
        basis:
          `SNS charges by country and carrier and changes its prices often: ${segments} ${segments === 1 ? "segment" : "segments"}, ` +
          `at most ${sms.maxPriceUsd} USD for each (SMS_MAX_PRICE; SNS refuses a dearer SMS)`,
      };
    }
    case "webhook":
      return { usd: 0, atMostUsd: 0, basis: "HTTPS requests cost the sender's Lambda time only, which is negligible" };
  }
}

function inMicros(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
