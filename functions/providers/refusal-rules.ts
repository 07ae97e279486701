import type { SenderProblem } from "../core/sender-problem.ts";

/** Whose fault a failed call is. Only what the recipient's own address causes is the recipient's. */
export type Refusal =
  /** The address will never be accepted. */
  | { whose: "recipient"; reason: string }
  /** Will never be accepted, because the recipient asked for that. */
  | { whose: "opted out" }
  /** Ours. `everybody`: no other recipient would be accepted either, and no recipient's address can have caused it. */
  | { whose: "sender"; problem: SenderProblem; reach: "everybody" | "recipient" }
  | { whose: "throttle" }
  | { whose: "quota" }
  /** A clear no that is not about the address: the text is too long, or the code is one that nobody has seen yet. */
  | { whose: "unclear"; reason: string }
  /** No clear answer: the provider may have taken it. */
  | { whose: "nobody knows"; reason: string };

/** Whom the call was for and in whose name. The provider's text may contain both. */
export interface Parties {
  from: string;
  to: string;
}

export type Provider = "ses" | "sns sms" | "sns topic";

interface Rule {
  /** The error's code, without "Exception" at its end. */
  code?: RegExp;
  /** The error's text. */
  text?: RegExp;
  verdict: (answer: { message: string; code: string; parties: Parties }) => Refusal;
}

const ours = (problem: SenderProblem) => (): Refusal => ({ whose: "sender", problem, reach: "everybody" });
/** Ours too, but other recipients may be accepted: the sandbox, a country. */
const oursForThisOne = (problem: SenderProblem) => (): Refusal => ({ whose: "sender", problem, reach: "recipient" });
const theirs = (reason: string) => (): Refusal => ({ whose: "recipient", reason });
const throttle = (): Refusal => ({ whose: "throttle" });
const unclear = (reason: string) => (): Refusal => ({ whose: "unclear", reason });

/** From AWS's "Common Errors" of SES and SNS, and what signature version 4 and STS add to them. */
const CREDENTIALS =
  /^(ExpiredToken|TokenRefreshRequired|InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient|SignatureDoesNotMatch|IncompleteSignature|InvalidSignature|InvalidSecurity|InvalidSecurityToken|MissingAuthenticationToken(Token)?|AuthFailure|RequestExpired|RequestTimeTooSkewed|CredentialsProviderError|TokenProviderError)$/;
const COMMON: readonly Rule[] = [
  {
    code: /^(Throttling|Throttled|TooManyRequests|RequestThrottled|RequestLimitExceeded|SlowDown|BandwidthLimitExceeded|KMSThrottling|KmsThrottled|OverLimit)$/,
    verdict: throttle,
  },
  { code: CREDENTIALS, verdict: ours("credentials refused") },
  { code: /^(AccessDenied|AuthorizationError|NotAuthorized|UnauthorizedOperation|Forbidden)$/, verdict: notPermitted },
  {
    code: /^(OptInRequired|SubscriptionRequired|KMSOptInRequired|KmsOptInRequired)$/,
    verdict: ours("service not enabled"),
  },
  { code: /^KMS/i, verdict: ours("encryption key unavailable") },
  {
    code: /^(InvalidAction|MissingAction|MalformedQueryString|UnknownOperation)$/,
    verdict: ours("request not understood"),
  },
];

/**
 * SES developer guide, "Amazon SES email sending errors" and SendRawEmail's errors; the texts as they are met in the wild:
 * WPManageNinja/fluent-smtp#74 and #103 (identities), openstax/accounts#253, hcengineering/platform#7864,
 * cloud-custodian#8051 (addresses: they are those of JavaMail's InternetAddress), civicrm (suspended accounts).
 */
const SES: readonly Rule[] = [
  {
    text: /daily (message|sending|email) quota|daily.{0,20}quota.{0,20}exceeded/i,
    verdict: () => ({ whose: "quota" }),
  },
  { text: /maximum sending rate exceeded|sending rate.{0,20}exceeded/i, verdict: throttle },
  { code: /^AccountSendingPaused$/, verdict: ours("account paused") },
  { code: /^ConfigurationSetSendingPaused$/, verdict: ours("configuration set paused") },
  { code: /^ConfigurationSetDoesNotExist$/, verdict: ours("configuration set missing") },
  { code: /^MailFromDomainNotVerified$/, verdict: ours("MAIL FROM domain not verified") },
  {
    text: /(sending|configuration set)[^.]*\b(paused|disabled|suspended)[^.]*configuration set|configuration set[^.]*\b(paused|disabled)/i,
    verdict: ours("configuration set paused"),
  },
  {
    text: /configuration set[^.]*(does not exist|not found|invalid)|invalid configuration set/i,
    verdict: ours("configuration set missing"),
  },
  {
    text: /(sending|account)[^.]*\b(paused|suspended|disabled|shut ?down|under review)\b/i,
    verdict: ours("account paused"),
  },
  { text: /MAIL FROM domain/i, verdict: ours("MAIL FROM domain not verified") },
  { text: /identities failed the check|(address|domain|identity) is not verified|not verified/i, verdict: identity },
  {
    text: /address (is )?(blacklisted|suppressed|on the .{0,40}suppression list)/i,
    verdict: theirs("address on the suppression list"),
  },
  {
    text: /message (length|size) is more than|exceeds the maximum (message )?(length|size)/i,
    verdict: unclear("message too long"),
  },
  { text: /virus|malicious/i, verdict: unclear("message taken for a virus") },
  {
    text: /(from|source|sender|return-?path)\b[^.]{0,40}\b(is )?(invalid|illegal|malformed|missing)|invalid (from|source|sender|return-?path)/i,
    verdict: ours("sender settings refused"),
  },
  {
    code: /^(InvalidParameterValue|MessageRejected|ValidationError|Validation|BadRequest)$/,
    text: /illegal (address|whitespace|semicolon|route)|missing (final '@domain'|domain|local name)|(domain|local address|local name|user name) (contains|starts|ends|is)|unterminated|quote not|empty address|invalid (email )?address|invalid recipient|extra route/i,
    verdict: address,
  },
];

/**
 * SNS API reference, Publish; and as met in the wild: aws/aws-sdk-js#1368 (invalid numbers, and those of another region),
 * #3133 and mozilla/fxa-auth-server#2243 (quota), "No origination entities available to send" (UserError), which depends on
 * the number's country as the sandbox depends on the number.
 */
const SMS: readonly Rule[] = [
  { code: /^OptedOut$/, verdict: () => ({ whose: "opted out" }) },
  { text: /opted[- ]?out/i, verdict: () => ({ whose: "opted out" }) },
  {
    text: /no quota left|spend(ing)? (limit|quota)|quota (has been )?(exceeded|reached|used up)/i,
    verdict: ours("SMS spending quota used up"),
  },
  { text: /rate exceeded/i, verdict: throttle },
  {
    text: /sandbox|not (a )?verified|not been verified|unverified/i,
    verdict: oursForThisOne("account in the sandbox"),
  },
  {
    text: /origination|no sender id|sender id .{0,30}(register|not)/i,
    verdict: oursForThisOne("no origination identity"),
  },
  { text: /country|protect configuration|destination .{0,20}blocked/i, verdict: oursForThisOne("country not enabled") },
  {
    text: /requires additional review|account[^.]*(disabled|suspended|paused|not enabled)/i,
    verdict: ours("account paused"),
  },
  { text: /SenderID|MaxPrice|SMSType|EntityId|TemplateId|MessageAttributes/, verdict: ours("sender settings refused") },
  {
    // The text may mean a number of ours (a pool, a sender's). So it counts only if it says that this one is invalid.
    text: /PhoneNumber Reason:|is not valid to publish to|invalid (destination|(phone ?)?number)|\bphone ?number\b.{0,40}\b(invalid|not valid)/i,
    verdict: theirs("invalid phone number"),
  },
  { text: /message (is )?(too long|empty)|empty message/i, verdict: unclear("message too long") },
];

const TOPIC: readonly Rule[] = [
  { code: /^(NotFound|ResourceNotFound)$/, verdict: ours("queue or topic missing") },
  { text: /message (is )?too long|too large|exceeds/i, verdict: unclear("message too long") },
];

/** The first rule that fits decides. */
export const RULES: Readonly<Record<Provider, readonly Rule[]>> = {
  ses: [...SES, ...COMMON],
  "sns sms": [...COMMON, ...SMS],
  "sns topic": [...COMMON, ...TOPIC],
};

/**
 * In the sandbox SES checks the recipient's identity too, and names whichever failed ("The following identities failed
 * the check in region EU-CENTRAL-1: …"). Others have a chance only if it names nobody but the recipient.
 */
function identity({ message, parties }: { message: string; parties: Parties }): Refusal {
  return namesOnlyTheRecipient(message.toLowerCase(), parties)
    ? { whose: "sender", problem: "account in the sandbox", reach: "recipient" }
    : { whose: "sender", problem: "sender identity not verified", reach: "everybody" };
}

/** We look for the whole address. An address may have an apostrophe or a slash in it, and ours may end in theirs. */
function namesOnlyTheRecipient(message: string, parties: Parties): boolean {
  const [from, to] = [parties.from.toLowerCase(), parties.to.toLowerCase()];
  if (to === "" || to === from || !message.includes(to)) return false;
  if (from !== "" && message.includes(from)) return false;
  return !/[^\s<>]@[^\s<>]/.test(message.replaceAll(to, " "));
}

/**
 * In the sandbox a policy has to name the recipient's identity as well. A refusal that names it, and not ours, says
 * nothing about other recipients.
 */
function notPermitted({ message, parties }: { message: string; parties: Parties }): Refusal {
  const [text, from, to] = [message, parties.from, parties.to].map((each) => each.toLowerCase());
  const isTheirs =
    to !== from && (namesIdentity(text, to) || (namesIdentity(text, domainOf(to)) && domainOf(to) !== domainOf(from)));
  return { whose: "sender", problem: "not permitted", reach: isTheirs ? "recipient" : "everybody" };
}

/** As a whole: `example.com.au` does not name `example.com`. */
function namesIdentity(text = "", identity = ""): boolean {
  const [, ...rest] = identity === "" ? [] : text.split(`:identity/${identity}`);
  return rest.some((behind) => !/^\.?[a-z\d@-]/.test(behind));
}

function domainOf(address = ""): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

/** RFC 5322's dot-atom of RFC 5321's atext, at labels of letters, digits and hyphens. SES takes all of these. */
const PLAIN_ADDRESS =
  /^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@([a-z\d]([a-z\d-]{0,61}[a-z\d])?\.)+[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i;

/**
 * SES does not say whose address it dislikes: the recipient's or, in the header From, ours
 * (rdunlop/unicycling-registration#749). At times it dislikes one that is well-formed (boto/boto3#4587). So only a
 * recipient whose address is not well-formed is to blame.
 */
function address({ parties }: { parties: Parties }): Refusal {
  return PLAIN_ADDRESS.test(parties.to)
    ? { whose: "unclear", reason: "an address is refused" }
    : { whose: "recipient", reason: "invalid address" };
}
