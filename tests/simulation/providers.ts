import type { AttemptOutcome } from "../../functions/core/attempt.ts";
import type { Channel, Subscriber } from "../../functions/core/subscriber.ts";
import type { Https } from "../../functions/providers/https.ts";
import type { Mail } from "../../functions/providers/mail.ts";
import type { Sms } from "../../functions/providers/sms.ts";
import type { Invocation, Schedule } from "./schedule.ts";

/** What an address answers. `taken, no reply`: the address has it, and we never hear of it. */
export type Answer = AttemptOutcome | "taken, no reply";

/** One request to a provider, as the outside sees it. */
export interface Request {
  subscriberId: string;
  channel: Channel;
  seq: number;
  at: number;
  endsAt: number;
  taken: boolean;
  /** Whether an answer came back that says what became of it. */
  answered: boolean;
  /** The answer; null while there is none, or if none ever comes. */
  answer: AttemptOutcome | null;
  /** Since when something has been wrong with us; null: nothing is. */
  brokenSince: number | null;
  invocation: Invocation;
  /** Another update that was in flight to the same subscriber at that moment; null: none was. */
  beside: number | null;
  /** The subscriber as the table had it at that moment. */
  subscriber: Subscriber | null;
}

export interface Providers {
  mail: Mail;
  sms: Sms;
  https: Https;
}

/** SES's answer for an identity that is no longer verified. */
const UNVERIFIED: AttemptOutcome = {
  outcome: "sender problem",
  reason: "sender identity not verified",
  reach: "everybody",
};

const SLOWEST_ANSWER_MS = 15_000;
const QUICKEST_ANSWER_MS = 50;

/** The text of an update in the simulation: only which one it is. */
export function textOf(seq: number): string {
  return `update ${seq}`;
}

function seqOf(text: string): number {
  return Number(/update (\d+)/.exec(text)?.[1]);
}

/**
 * SES, SNS and the integrators' endpoints: they keep a history of every request, and give the answers that were set.
 */
export function simulatedProviders(
  schedule: Schedule,
  present: (id: string) => Promise<Subscriber | null>,
  slow: Channel | null,
) {
  const { clock } = schedule;
  const requests: Request[] = [];
  /** Channels on which something is wrong with us. */
  const broken = new Map<Channel, number>();
  const holders = new Map<string, { subscriber: Subscriber; answers: Answer[] }>();

  async function request(to: string, seq: number, invocation: Invocation): Promise<AttemptOutcome> {
    const holder = holders.get(to);
    if (holder === undefined) throw new Error(`nobody has the address ${to}`);
    const { id, channel } = holder.subscriber;
    // Most answers come at once, some as late as a provider may be.
    const usual = schedule.uniform() < 0.6 ? QUICKEST_ANSWER_MS : schedule.below(SLOWEST_ANSWER_MS);
    const takes = slow === null ? usual : slow === channel ? SLOWEST_ANSWER_MS : QUICKEST_ANSWER_MS;
    const { record, answer } = await schedule.call(invocation, "send", async () => {
      const answer = broken.has(channel)
        ? UNVERIFIED
        : (holder.answers.shift() ?? { outcome: "accepted" as const, providerId: null });
      const beside = requests.find(
        (other) => other.subscriberId === id && other.seq !== seq && other.endsAt > clock() && !other.invocation.died,
      );
      const record: Request = {
        subscriberId: id,
        channel,
        seq,
        at: clock(),
        endsAt: clock() + takes,
        taken: answer === "taken, no reply" || answer.outcome === "accepted",
        answered: false,
        answer: null,
        brokenSince: broken.get(channel) ?? null,
        invocation,
        beside: beside?.seq ?? null,
        subscriber: await present(id),
      };
      requests.push(record);
      return { record, answer };
    });
    await schedule.sleep(invocation)(takes);
    if (answer === "taken, no reply") return { outcome: "unknown", reason: "timeout" };
    record.answered = answer.outcome !== "unknown";
    record.answer = answer;
    return answer;
  }

  return {
    requests,
    breakSending: (channel: Channel) => void broken.set(channel, clock()),
    /** Null: on all channels. */
    mendSending(channel: Channel | null) {
      if (channel === null) broken.clear();
      else broken.delete(channel);
    },
    subscribe(subscriber: Subscriber, answers: readonly Answer[]) {
      holders.set(addressOf(subscriber), { subscriber, answers: [...answers] });
    },
    portsFor: (invocation: Invocation): Providers => ({
      mail: { send: ({ to, raw }) => request(to, seqOf(raw), invocation) },
      sms: { send: ({ phone }, text) => request(phone, seqOf(text), invocation) },
      https: { post: ({ endpoint, body }) => request(endpoint, seqOf(body), invocation) },
    }),
  };
}

function addressOf(subscriber: Subscriber): string {
  switch (subscriber.channel) {
    case "email":
      return subscriber.email;
    case "sms":
      return subscriber.phone;
    case "webhook":
      return subscriber.endpoint;
  }
}
