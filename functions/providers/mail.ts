import type { AttemptOutcome } from "../core/attempt.ts";

export interface MailToSend {
  to: string;
  /** A whole RFC 5322 text, CRLF line ends, 7-bit. */
  raw: string;
  /** SES message tags: names and values of [A-Za-z0-9_-]. */
  tags: Readonly<Record<string, string>>;
}

export interface MailQuota {
  perSecond: number;
  /** Sends left in the rolling 24 hours; null when unlimited. */
  leftToday: number | null;
}

export interface Mail {
  send(mail: MailToSend): Promise<AttemptOutcome>;
  quota(): Promise<MailQuota>;
}
