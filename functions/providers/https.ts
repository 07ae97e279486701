import type { AttemptOutcome } from "../core/attempt.ts";

export interface WebhookPost {
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Https {
  /** The guarded POST: vets every address, never follows a redirect, is bounded in time and bytes. */
  post(request: WebhookPost): Promise<AttemptOutcome>;
}
