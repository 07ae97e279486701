import type { AttemptOutcome } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import { smsSize } from "../core/sms-size.ts";
import type { Logger } from "../lambda/logger.ts";
import { dayOf, priceInMicros, SMS_SPEND, usdOf } from "../permits/sms-budget.ts";
import type { Sms } from "../providers/sms.ts";
import type { AccessStore } from "../store/access/access-store.ts";

export interface SmsLimits {
  /** ISO 3166 codes. A subscriber may come from a time when there were more. */
  countries: ReadonlySet<string>;
  /** USD: the most that one segment may cost, and that all of a UTC day may cost together. */
  maxPrice: number;
  dailyCeiling: number;
}

/**
 * The share of the day's ceiling for SMS that strangers can ask for: a flood of sign-ups must leave updates something.
 */
const LETTERS_SHARE = 0.5;

/** infra/constructs/send-sms.ts counts these lines for an alarm. */
export const CEILING_REACHED = "daily SMS ceiling reached";

/**
 * Sends within the limits: only to the countries allowed, and only while the day's ceiling has room for the highest
 * price. That price is taken before sending, because nobody knows until hours later what an SMS really cost, and given
 * back if surely nothing was sent.
 */
export function limitedSms(
  sms: Sms,
  { countries, maxPrice, dailyCeiling }: SmsLimits,
  use: "updates" | "letters",
  { access, clock, log }: { access: Pick<AccessStore, "count">; clock: Clock; log: Logger },
): Sms {
  const segmentPrice = priceInMicros(maxPrice);
  const day = dayOf(dailyCeiling, use === "letters" ? LETTERS_SHARE : 1);
  // One line and no more writes until midnight, however many SMS are refused.
  let overUntil = 0;

  return {
    async send(to, text): Promise<AttemptOutcome> {
      if (!countries.has(to.country)) return refused(`no SMS to ${to.country}`);
      const now = clock();
      if (now < overUntil) return refused(CEILING_REACHED);
      const price = segmentPrice * smsSize(text).segments;
      const counted = await access.count(SMS_SPEND, day, now, price).catch((error: unknown) => {
        log.error("the price of an SMS was not counted, so it waits", error);
        return null;
      });
      // Nothing was sent: it must not count as in doubt.
      if (counted === null) return { outcome: "throttled" };
      if (counted.outcome === "over") {
        overUntil = counted.until;
        log.warn(CEILING_REACHED, { use, ceilingUsd: usdOf(day.most) });
        return refused(CEILING_REACHED);
      }
      const outcome = await sms.send(to, text);
      if (surelyUnsent(outcome)) {
        // A count that is too high until midnight is better than an outcome that is lost.
        await access
          .count(SMS_SPEND, day, now, -price)
          .catch((error: unknown) => log.error("the price of an SMS not sent was not given back", error));
      }
      return outcome;
    },
  };
}

/** This says nothing about whether SNS takes anything of ours. */
function refused(reason: string): AttemptOutcome {
  return { outcome: "rejected", reason, asked: false };
}

function surelyUnsent({ outcome }: AttemptOutcome): boolean {
  return outcome !== "accepted" && outcome !== "unknown";
}
