import * as z from "zod/mini";
import type { SenderProblem } from "./sender-problem.ts";

/** One request to an endpoint and what came back. It helps to find out what is wrong with the endpoint. */
export const exchangeSchema = z.object({
  at: z.number(),
  /** Milliseconds until its outcome was known. */
  ms: z.number(),
  /** HTTP status; null where no answer came. */
  status: z.nullable(z.number()),
  /** How the answer's text begins. */
  head: z.string(),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** How one call to a provider or endpoint ended. The senders switch over it exhaustively. */
export type AttemptOutcome = (
  | { outcome: "accepted"; providerId: string | null }
  /**
   * Refused for good: it will never be accepted. `asked: false`: our own rules refused it, so the provider was not
   * asked.
   */
  | { outcome: "rejected"; reason: string; asked?: false }
  /** Refused for good, like everything else to this address: webhook 410, SMS opted out. */
  | { outcome: "gone"; reason: string }
  /** Surely not accepted. A later attempt may be. */
  | { outcome: "unavailable"; reason: string; retryAfterMs: number | null }
  /** Surely not accepted: faster than the provider allows. Not the recipient's failure, and no attempt. */
  | { outcome: "throttled" }
  /** Surely not accepted: today's quota is used up. */
  | { outcome: "quota exhausted" }
  /** Surely not accepted, because something is wrong with us. It is not the recipient's failure, and no attempt. */
  | { outcome: "sender problem"; reason: SenderProblem; reach: "everybody" | "recipient" }
  /** Surely not accepted, and nobody knows whose fault it is. It is tried for as long as it is of use. */
  | { outcome: "refused"; reason: string }
  /** The request was written and no clear answer came back: it may have been accepted. */
  | { outcome: "unknown"; reason: string }
) & {
  /** Webhooks only. */
  exchange?: Exchange;
};

const EXCHANGES_KEPT = 12;
const HEAD_KEPT = 200;

/**
 * The log of a delivery's attempts with one more, the newest last. It holds a whole schedule, with the beginning of
 * each answer.
 */
export function logged(exchanges: readonly Exchange[] | undefined, exchange: Exchange): Exchange[] {
  // Never half of a surrogate pair.
  const head = exchange.head
    .slice(0, HEAD_KEPT)
    .replace(/[\uD800-\uDBFF]$/, "")
    .toWellFormed();
  return [...(exchanges ?? []), { ...exchange, head }].slice(-EXCHANGES_KEPT);
}
