import { invocationsAtMost, senderMemory } from "../infra/concurrency.ts";
import { costOf } from "./aws-prices.ts";
import { type Bench, rounded } from "./measurement.ts";

const MILLION = 1_000_000;
const REGION = "us-east-1";
/** MiB at which a function has one processor. */
const WHOLE_PROCESSOR = 1_769;
/** Processor time of an email, for one core: 0.57 ms by `sender-cpu`, and 0.75 ms counted beside it in a run of `cost`. */
const EMAIL_MS = 1.32;
const CHUNK = 50;
/** SES's default, in the sandbox, and rates that it grants. */
const RATES = [1, 14, 24, 50, 100, 300, 1_000];

/** While an update's backlog lasts, every sender runs all the time: it sends, or waits for its slots. */
function usdOfMillion(rate: number, senders: number, memory: number): number {
  return costOf({ gigabyteSeconds: (MILLION / rate) * senders * (memory / 1_024) }, REGION);
}

/** Model, no measurement: what Lambda costs for a million emails at a send rate, and how busy its processors are. */
export const bench: Bench = async () => {
  const findings = RATES.flatMap((rate) => {
    const senders = invocationsAtMost({ lambdaConcurrency: 1_000, emailsPerSecond: rate }).email;
    const memory = senderMemory(rate);
    const usd = rounded(usdOfMillion(rate, senders, memory), 2);
    const with1024 = rounded(usdOfMillion(rate, senders, 1_024), 2);
    const busy = (rate * EMAIL_MS) / 1_000 / senders / (memory / WHOLE_PROCESSOR);
    return {
      what: `a million emails at ${rate} a second`,
      result: `${senders} senders of ${memory} MiB: ${usd} USD (of 1024 MiB: ${with1024}), processors ${rounded(busy * 100)} % busy`,
      goal: "busy <= 50 %",
      met: busy <= 0.5,
    };
  });
  // A chunk that finds no slot goes back: received and deleted once more, queued anew, claimed and given back.
  const givingBack = costOf({ fifoRequests: 3, invocations: 1, writeUnits: 4 }, REGION);
  const waiting = costOf({ gigabyteSeconds: senderMemory(14) / 1_024 }, REGION);
  return {
    findings: [
      ...findings,
      {
        what: `a chunk of ${CHUNK} given back, against a second of waiting at 14 a second`,
        result: `${rounded(givingBack * MILLION, 1)} and ${rounded(waiting * MILLION, 1)} millionths of a USD`,
        goal: null,
        met: null,
      },
    ],
    details: { emailMs: EMAIL_MS },
  };
};
