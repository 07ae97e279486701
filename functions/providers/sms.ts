import type { AttemptOutcome } from "../core/attempt.ts";

export interface Sms {
  /** `phone` is E.164. */
  send(phone: string, text: string): Promise<AttemptOutcome>;
}
