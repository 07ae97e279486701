import type { Settings } from "./settings.ts";

/** SQS's own minimum for a mapping: https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html */
const FEWEST = 2;
/** What one sender of email gets through in a second. More of them would only wait for slots of the rate. */
const EMAILS_PER_SENDER = 150;

/** The queues that Lambda reads, each by a mapping of its own. */
type Lane =
  | "email"
  | "sms"
  | "webhook"
  | "webhookRetry"
  | "probes"
  | "letters"
  | "smsLetters"
  | "plan"
  | "publish"
  | "feedback";

/** What an account's limit has to be shared by. */
type Limits = Pick<Settings, "lambdaConcurrency" | "emailsPerSecond">;

/**
 * How many invocations each queue may take at once. The lanes that wait for others (the send rate, endpoints) get a share
 * of the account's limit; the rest is for the APIs, the page and the planner, and for whatever else runs in the account.
 */
export function invocationsAtMost({ lambdaConcurrency, emailsPerSecond }: Limits): Readonly<Record<Lane, number>> {
  const share = (part: number) => Math.max(FEWEST, Math.floor(lambdaConcurrency * part));
  return {
    email: Math.max(FEWEST, Math.min(Math.ceil(emailsPerSecond / EMAILS_PER_SENDER), share(0.2))),
    // Twenty-five in flight in each: with a limit of 100, 250 endpoints at once, and 5 invocations for dead ones.
    webhook: share(0.1),
    webhookRetry: share(0.05),
    // One after the other, some 100 ms each: two of them meet SNS's 20 a second.
    sms: FEWEST,
    smsLetters: FEWEST,
    letters: FEWEST,
    // A flood by strangers takes no customer's place.
    probes: FEWEST,
    plan: FEWEST,
    publish: FEWEST,
    feedback: FEWEST,
  };
}

/** An account must keep so many for functions that have none reserved: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const UNRESERVED = 100;
/** As many as the stages let through in a burst, so that what is reserved, which is a limit too, refuses nobody. */
const FOR_AN_API = 100;
const APIS = 2;

/**
 * How many invocations are kept for each of the APIs, whatever else runs in the account; null where the account allows
 * none, or the lanes would lack them.
 */
export function reservedForAnApi({ lambdaConcurrency }: Pick<Settings, "lambdaConcurrency">): number | null {
  const left = lambdaConcurrency - APIS * FOR_AN_API;
  return left >= UNRESERVED && left >= lambdaConcurrency / 2 ? FOR_AN_API : null;
}

/** MiB at which a function has one processor: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const WHOLE_PROCESSOR = 1_769;
/**
 * Processor time that an email may take, in seconds: twice what was measured on one core (bench/waiting.ts), for Lambda's
 * may be slower.
 */
const EMAIL_SECONDS = 0.003;
/** No sender is to be busier than this: what comes in bursts, and starts, wants more than the average. */
const BUSY = 0.5;
const MEMORIES = [256, 512] as const;

/**
 * MiB of a sender of email. At a low rate senders mostly wait for their slots, and memory is what waiting costs; at a high
 * one the processor that comes with it is for TLS and signing.
 */
export function senderMemory(emailsPerSecond: number): number {
  const wanted = (WHOLE_PROCESSOR * emailsPerSecond * EMAIL_SECONDS) / FEWEST / BUSY;
  return MEMORIES.find((memory) => memory >= wanted) ?? 1_024;
}
