import type { AttemptOutcome } from "../../functions/core/attempt.ts";
import type { Https } from "../../functions/providers/https.ts";
import type { Mail } from "../../functions/providers/mail.ts";
import type { Sms } from "../../functions/providers/sms.ts";
import type { Topic, TopicOutcome } from "../../functions/providers/topic.ts";
import { chatStatus } from "./chat-hooks.ts";

/** What reached somebody, in order. */
export interface Reached {
  channel: "email" | "sms" | "webhook";
  /** Address, number or endpoint. */
  to: string;
  text: string;
  /** Webhooks only. */
  webhookId: string | null;
}

/**
 * The next answers of an address, in order; after them everything is accepted. `accepted, no reply`: the provider
 * accepted it, but we never hear of it.
 */
export type Answer = AttemptOutcome | "accepted, no reply";

/** Accepts everything, except that a chat accepts only what it can show. */
function usual({ channel, to, text }: Reached, providerId: string): AttemptOutcome {
  const status = channel === "webhook" ? chatStatus(to, text) : null;
  if (status === null || status < 300) return { outcome: "accepted", providerId };
  return { outcome: "unavailable", reason: `http ${status}`, retryAfterMs: null };
}

/** Our own rules refuse before the provider would say anything. */
function isUnasked(next: Answer | undefined): boolean {
  return typeof next === "object" && next.outcome === "rejected" && next.asked === false;
}

/** SES, SNS and the integrators' endpoints in one: they keep what they accepted. */
export function outside() {
  const reached: Reached[] = [];
  const published: string[] = [];
  const answers = new Map<string, Answer[]>();
  const broken = new Map<Reached["channel"], AttemptOutcome>();
  let attempts = 0;
  const take = (record: Reached): AttemptOutcome => {
    attempts += 1;
    const refusal = broken.get(record.channel);
    if (refusal !== undefined && !isUnasked(answers.get(record.to)?.[0])) return refusal;
    const answer = answers.get(record.to)?.shift() ?? usual(record, `provider-${attempts}`);
    if (answer === "accepted, no reply") {
      reached.push(record);
      return { outcome: "unknown", reason: "timeout" };
    }
    if (answer.outcome === "accepted") reached.push(record);
    return answer;
  };
  const mail: Mail = {
    send: async ({ to, raw }) => take({ channel: "email", to, text: raw, webhookId: null }),
  };
  const sms: Sms = { send: async ({ phone }, text) => take({ channel: "sms", to: phone, text, webhookId: null }) };
  const https: Https = {
    post: async ({ endpoint, body, headers }) =>
      take({ channel: "webhook", to: endpoint, text: body, webhookId: headers["webhook-id"] ?? null }),
  };
  const topicAnswers: TopicOutcome[] = [];
  const topic: Topic = {
    async publish(json, { componentIds, ...texts }) {
      // SNS counts body and attributes together: names, types and values (API reference, MessageAttributeValue).
      const attributes = [...Object.entries(texts), ["component_ids", JSON.stringify(componentIds)]];
      const named = attributes.map(([name, value]) => `${name}String.Array${value}`).join("");
      if (Buffer.byteLength(json + named) > 262_144) return { outcome: "refused", reason: "message too long" };
      const next = topicAnswers.shift();
      if (next !== undefined && next.outcome !== "published") return next;
      published.push(json);
      return { outcome: "published" };
    },
  };
  return {
    mail,
    sms,
    https,
    topic,
    reached,
    published,
    attempts: () => attempts,
    answerTopic: (...next: TopicOutcome[]) => topicAnswers.push(...next),
    /** Something is wrong with us: the channel's provider gives this answer to everything, until it is mended. */
    refuse: (channel: Reached["channel"], outcome: AttemptOutcome) => void broken.set(channel, outcome),
    mend: (channel: Reached["channel"]) => void broken.delete(channel),
    answer: (to: string, ...next: Answer[]) => answers.set(to, next),
  };
}
