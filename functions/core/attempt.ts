/** How one call to a provider or endpoint ended. The senders switch over it exhaustively. */
export type AttemptOutcome =
  | { outcome: "accepted"; providerId: string | null }
  /** Refused for good: it will never be accepted. */
  | { outcome: "rejected"; reason: string }
  /** Refused for good, and so will be everything to this address: webhook 410, SMS opted out. */
  | { outcome: "gone"; reason: string }
  /** Surely not accepted, may be later. */
  | { outcome: "unavailable"; reason: string; retryAfterMs: number | null }
  /** Surely not accepted: faster than the provider allows. Not the recipient's failure, and no attempt. */
  | { outcome: "throttled" }
  /** Surely not accepted: today's quota is used up. */
  | { outcome: "quota exhausted" }
  /** The request was written and no clear answer came back: it may have been accepted. */
  | { outcome: "unknown"; reason: string };
