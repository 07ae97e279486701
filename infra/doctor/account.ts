/** What doctor asks the account for. Each answer may be an error: a permission is missing, or the service is not there. */
export interface Account {
  mail(): Promise<MailAccount>;
  /** An identity of SES, an address or a domain; null: there is none of that name. */
  mailIdentity(name: string): Promise<MailIdentity | null>;
  configurationSet(name: string): Promise<{ isSending: boolean; suppressed: readonly string[] } | null>;
  sms(): Promise<{ isInSandbox: boolean; monthlyLimitUsd: number }>;
  /** Countries of the phone numbers that are leased, and of the sender ids that are registered. */
  origination(): Promise<{ numbers: readonly string[]; senderIds: readonly string[] }>;
  /** How many Lambdas may run at once in the account and region. */
  concurrency(): Promise<number>;
  alarmReceivers(topicArn: string): Promise<readonly { address: string; isConfirmed: boolean }[]>;
  /** The status of a GET; throws when nobody answers, or with a certificate for another host. */
  visit(url: string): Promise<number>;
}

interface MailAccount {
  isInSandbox: boolean;
  /** Of the request to leave the sandbox: PENDING, DENIED…; null: there is none. */
  review: string | null;
  isSending: boolean;
  /** HEALTHY, or what SES has done to the account: PROBATION, SHUTDOWN. */
  enforcement: string;
  perSecond: number;
  perDay: number;
}

export interface MailIdentity {
  isVerified: boolean;
  isDkimSigned: boolean;
  /** The names of the CNAME records that prove a domain and sign its mail. */
  dkimTokens: readonly string[];
  /** Its own MAIL FROM domain is not verified, and SES refuses mail for it. */
  isMailFromRefused: boolean;
}
