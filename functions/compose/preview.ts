import { audienceAsOf, isToBeSent } from "../core/audience.ts";
import type { Clock } from "../core/clock.ts";
import type { Update } from "../core/incident.ts";
import type { Locale } from "../core/locale.ts";
import { type CostEstimate, estimateCost } from "../core/prices.ts";
import type { SmsSize } from "../core/sms-size.ts";
import type { Channel, ChatFormat, Subscriber } from "../core/subscriber.ts";
import { exceedsDay } from "../permits/sms-budget.ts";
import { type AccessStore, pauseIn, pauseOfMail, type SendState } from "../store/access/access-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { sample } from "../subscriptions/sample.ts";
import type { RenderSource } from "./sources.ts";

/** The texts of an update as one recipient would get them. */
export interface UpdateTexts {
  /** The page's language; there are the same texts in the others. */
  locale: Locale;
  email: { subject: string; text: string; bytes: number };
  sms: SmsSize & { text: string };
  /** The most that the SMS takes in any language. */
  smsSegments: number;
  /** Parsed JSON, like the others. */
  webhook: unknown;
  chats: Record<ChatFormat, unknown>;
}

/** Why somebody whose scopes match does not get the update. */
type Hindrance = Exclude<Subscriber["state"], "active">;

interface Audience {
  recipients: number;
  suppressed: Record<Hindrance, number>;
  /** Not all subscribers could be read in time: the counts are of those read, scaled to all. */
  isEstimate: boolean;
}

export interface ChannelPreview extends Audience {
  /** At the send rate; null if no rate applies. */
  seconds: number | null;
  /** What is wrong with us, so that nothing is sent before somebody mends it; null: nothing known. */
  paused: string | null;
  cost: CostEstimate;
}

export interface UpdatePreview {
  channels: Record<Channel, ChannelPreview>;
  /** At their highest price, the SMS cost more than what is left of the day's ceiling: some would not be sent. */
  exceedsDailyCeiling: boolean;
  texts: UpdateTexts;
}

export interface PreviewDeps {
  subscribers: Pick<SubscriberStore, "list">;
  access: Pick<AccessStore, "getRate" | "getCount">;
  previewTexts: (source: RenderSource) => Promise<UpdateTexts>;
  hasMail: boolean;
  smsMaxPriceUsd: number;
  smsDailyCeilingUsd: number;
  clock: Clock;
}

/**
 * What planning the update would do, without storing, queueing or sending anything: its texts, and how many people
 * would get them.
 */
export async function previewUpdate(source: RenderSource, deps: PreviewDeps): Promise<UpdatePreview> {
  const { update } = source;
  const until = deps.clock() + READING_TIME_MS;
  const [texts, email, sms, webhook, emailRate, smsRate] = await Promise.all([
    deps.previewTexts(source),
    countAudience(update, "email", until, deps),
    countAudience(update, "sms", until, deps),
    countAudience(update, "webhook", until, deps),
    deps.access.getRate("email"),
    deps.access.getRate("sms"),
  ]);
  const limits = { maxPriceUsd: deps.smsMaxPriceUsd, dailyCeilingUsd: deps.smsDailyCeilingUsd };
  const priced = (
    channel: Channel,
    audience: Audience,
    rate: SendState | null,
    paused: string | null,
  ): ChannelPreview => ({
    ...audience,
    seconds: rate === null ? null : Math.ceil(audience.recipients / rate.perSecond),
    paused,
    cost: estimateCost(channel, audience.recipients, {
      segments: texts.smsSegments,
      maxPriceUsd: deps.smsMaxPriceUsd,
    }),
  });
  return {
    channels: {
      email: priced("email", email, emailRate, pauseOfMail(emailRate, deps)),
      sms: priced("sms", sms, smsRate, pauseIn(smsRate)),
      webhook: priced("webhook", webhook, null, null),
    },
    exceedsDailyCeiling: await exceedsDay(deps, sms.recipients * texts.smsSegments, limits, deps.clock()),
    texts,
  };
}

const READING_TIME_MS = 8_000;

/** The figures leave out nobody whose scopes match: they are recipients, or suppressed because of their state. */
async function countAudience(update: Update, channel: Channel, until: number, deps: PreviewDeps): Promise<Audience> {
  const asOf = audienceAsOf(update.createdAt);
  const counts = { recipients: 0, unconfirmed: 0, quarantined: 0, unsubscribed: 0 };
  const { isEstimate, toAll } = await sample(deps, { pageId: update.pageId, channel, until }, (subscriber) => {
    if (!isToBeSent(update, { ...subscriber, state: "active", confirmedAt: asOf }, asOf)) return;
    counts[subscriber.state === "active" ? "recipients" : subscriber.state] += 1;
  });
  return {
    recipients: toAll(counts.recipients),
    suppressed: {
      unconfirmed: toAll(counts.unconfirmed),
      quarantined: toAll(counts.quarantined),
      unsubscribed: toAll(counts.unsubscribed),
    },
    isEstimate,
  };
}
