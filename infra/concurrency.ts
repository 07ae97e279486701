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
