import type { Settings } from "../settings.ts";
import type { Account, MailIdentity } from "./account.ts";

type Area = "mail" | "SMS" | "Lambda" | "page" | "alarms";

export type Finding = { area: Area; what: string } & (
  | { state: "fine" }
  /** Something is missing or wrong; `step` closes the gap. */
  | { state: "gap"; step: string }
  /** The settings do without it. */
  | { state: "off" }
  /** It could not be looked at; `step` says what would make that possible, or where to look. */
  | { state: "unread"; step: string }
);

/** What the outputs of the deployment say. */
export interface Deployed {
  Region: string;
  PageUrl: string;
  AlarmTopicArn: string;
  ConfigurationSetName: string;
}

/** Looks at everything that AWS must allow and that a template cannot bring about. One that cannot be read hides no other. */
export async function diagnose(settings: Settings, deployed: Deployed, account: Account): Promise<Finding[]> {
  const checks: { area: Area; needs: string; run: () => Promise<Finding[]> }[] = [
    { area: "mail", needs: "ses:GetAccount", run: () => mailAccount(settings, deployed, account) },
    { area: "mail", needs: "ses:GetEmailIdentity", run: () => mailSender(settings, deployed, account) },
    { area: "mail", needs: "ses:GetConfigurationSet", run: () => configurationSet(deployed, account) },
    {
      area: "SMS",
      needs: "sns:GetSMSSandboxAccountStatus and sns:GetSMSAttributes",
      run: () => smsAccount(settings, deployed, account),
    },
    {
      area: "SMS",
      needs: "sms-voice:DescribePhoneNumbers and sms-voice:DescribeSenderIds",
      run: () => smsOrigination(settings, account),
    },
    {
      area: "Lambda",
      needs: "lambda:GetAccountSettings",
      run: () => concurrency(settings, account),
    },
    { area: "page", needs: "the network", run: () => page(deployed, account) },
    { area: "alarms", needs: "sns:ListSubscriptionsByTopic", run: () => alarms(settings, deployed, account) },
  ];
  const found = await Promise.all(
    checks.map(async ({ area, needs, run }): Promise<Finding[]> => {
      try {
        return await run();
      } catch (error) {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        return [{ area, state: "unread", what: reason, step: `Needs ${needs}; or look in the console.` }];
      }
    }),
  );
  return found.flat();
}

const fine = (area: Area, what: string): Finding => ({ area, state: "fine", what });
const off = (area: Area, what: string): Finding => ({ area, state: "off", what });
const gap = (area: Area, what: string, step: string): Finding => ({ area, state: "gap", what, step });

async function mailAccount({ mailFrom, emailsPerSecond }: Settings, { Region }: Deployed, account: Account) {
  const mail = await account.mail();
  const found: Finding[] = [];
  if (mail.enforcement !== "HEALTHY" || !mail.isSending) {
    found.push(
      gap(
        "mail",
        `SES has ${mail.isSending ? "put the account under review" : "paused the account"} (${mail.enforcement})`,
        "Read SES's message in its console, Account dashboard, and answer it; mail waits meanwhile.",
      ),
    );
  }
  if (mail.isInSandbox) {
    const asked = mail.review === null ? "" : ` (the request is ${mail.review})`;
    found.push(
      // Without a sender nobody is mailed yet, and the answer takes a day: worth asking for at once.
      gap(
        "mail",
        `the account is in SES's sandbox${asked}: 200 mails a day, to verified addresses only`,
        `Ask for production access: SES console in ${Region}, Account dashboard, "Request production access".`,
      ),
    );
    return found;
  }
  found.push(
    fine("mail", `SES sends ${mail.perSecond} a second and ${mail.perDay < 0 ? "any number" : mail.perDay} a day`),
  );
  if (mailFrom !== null && mail.perSecond !== emailsPerSecond) {
    found.push(
      gap(
        "mail",
        `emailsPerSecond is ${emailsPerSecond}, and SES allows ${mail.perSecond}`,
        `Set emailsPerSecond: ${mail.perSecond}, and deploy: it decides how many senders run at once.`,
      ),
    );
  }
  return found;
}

async function mailSender({ mailFrom }: Settings, { Region }: Deployed, account: Account): Promise<Finding[]> {
  if (mailFrom === null)
    return [off("mail", "mailFrom is null: no mail is sent, and signing up by mail is not offered")];
  const known: [string, MailIdentity][] = [];
  for (const name of identitiesFor(mailFrom)) {
    const identity = await account.mailIdentity(name);
    if (identity !== null) known.push([name, identity]);
  }
  const domain = domainOf(mailFrom);
  const [closest] = known;
  const verified = known.find(([, { isVerified }]) => isVerified);
  if (closest === undefined) {
    return [
      gap(
        "mail",
        `SES knows neither ${mailFrom} nor ${domain}`,
        `aws sesv2 create-email-identity --region ${Region} --email-identity ${domain}`,
      ),
    ];
  }
  if (verified === undefined) {
    const [name, { dkimTokens }] = closest;
    const records = dkimTokens.map((token) => `${token}._domainkey.${name} CNAME ${token}.dkim.amazonses.com`);
    const step = name.includes("@")
      ? `Open the link that SES mailed to ${name}.`
      : `Put these records into the DNS: ${records.join("; ")}`;
    return [gap("mail", `SES has not verified ${name} yet`, step)];
  }
  const [name, identity] = verified;
  const found = [fine("mail", `${name} is verified for sending`)];
  if (!identity.isDkimSigned) {
    const step = `Verify the domain with DKIM: aws sesv2 create-email-identity --region ${Region} --email-identity ${domain}`;
    found.push(gap("mail", `mail from ${name} is not signed with DKIM, so many mailboxes refuse it`, step));
  }
  if (identity.isMailFromRefused) {
    const step = `Mend the MX record of the MAIL FROM domain of ${name}, or let SES use its own (SES console, identities).`;
    found.push(gap("mail", `the MAIL FROM domain of ${name} is not verified, and SES refuses its mail`, step));
  }
  return found;
}

/**
 * The address itself, its domain, and the domains above that: a verified domain is good for all below it (SES docs,
 * "Creating and verifying identities").
 */
function identitiesFor(address: string): string[] {
  const labels = domainOf(address).split(".");
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
  return [address, ...domains];
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

async function configurationSet({ ConfigurationSetName }: Deployed, account: Account): Promise<Finding[]> {
  const set = await account.configurationSet(ConfigurationSetName);
  if (set === null) {
    return [
      gap(
        "mail",
        `the configuration set ${ConfigurationSetName} is gone`,
        "Bring it back: npm run deploy -- --revert-drift",
      ),
    ];
  }
  const found: Finding[] = [];
  if (!set.isSending) {
    const step = `aws sesv2 put-configuration-set-sending-options --configuration-set-name ${ConfigurationSetName} --sending-enabled`;
    found.push(gap("mail", "the configuration set's sending is switched off, so mail waits", step));
  }
  const left = ["BOUNCE", "COMPLAINT"].filter((reason) => !set.suppressed.includes(reason));
  if (left.length > 0) {
    const step = `aws sesv2 put-configuration-set-suppression-options --configuration-set-name ${ConfigurationSetName} --suppressed-reasons BOUNCE COMPLAINT`;
    found.push(gap("mail", `SES does not suppress addresses after: ${left.join(", ").toLowerCase()}`, step));
  }
  return found.length > 0
    ? found
    : [fine("mail", "the configuration set sends, and suppresses after bounces and complaints")];
}

async function smsAccount({ sms }: Settings, { Region }: Deployed, account: Account): Promise<Finding[]> {
  if (sms.countries.length === 0) return [off("SMS", "sms.countries is empty: no SMS is sent")];
  const { isInSandbox, monthlyLimitUsd } = await account.sms();
  const found: Finding[] = [];
  if (isInSandbox) {
    const step = `SNS console in ${Region}, Text messaging (SMS), "Exit SMS sandbox".`;
    found.push(gap("SMS", "the account is in SNS's SMS sandbox: it sends to verified numbers only", step));
  }
  if (monthlyLimitUsd < sms.dailyCeiling) {
    found.push(
      gap(
        "SMS",
        `SNS spends at most ${monthlyLimitUsd} USD a month, less than sms.dailyCeiling (${sms.dailyCeiling}) a day`,
        `Ask for a higher limit in a case for "SNS Text Messaging", then: aws sns set-sms-attributes --region ${Region} --attributes MonthlySpendLimit=N`,
      ),
    );
  } else {
    found.push(fine("SMS", `SNS spends up to ${monthlyLimitUsd} USD a month`));
  }
  return found;
}

/**
 * Where no name may stand for the sender, so that SMS come from a leased number (SNS docs, "Sender IDs": not in Canada and
 * the US). SNS uses it once its resource policy says so (End User Messaging docs, "Registrations").
 */
const NUMBER_NEEDED = ["CA", "US"] as const;

async function smsOrigination({ sms }: Settings, account: Account): Promise<Finding[]> {
  if (sms.countries.length === 0) return [];
  const { numbers, senderIds } = await account.origination();
  const without = NUMBER_NEEDED.filter((country) => sms.countries.includes(country) && !numbers.includes(country));
  const step = (country: string) =>
    `End User Messaging console, Phone numbers: request and register one for ${country} (toll-free, or 10DLC in the US), and let SNS use it by its resource policy.`;
  if (without.length > 0) {
    return without.map((country) =>
      gap("SMS", `no number is leased that SMS to ${country} may come from`, step(country)),
    );
  }
  const list = (what: string, countries: readonly string[]) =>
    `${what}: ${countries.length === 0 ? "none" : [...new Set(countries)].sort().join(", ")}`;
  return [fine("SMS", `${list("numbers leased for", numbers)}; ${list("sender ids registered for", senderIds)}`)];
}

async function concurrency({ lambdaConcurrency }: Settings, account: Account): Promise<Finding[]> {
  const limit = await account.concurrency();
  const what = `${limit} Lambdas may run at once; the queues are made for lambdaConcurrency ${lambdaConcurrency}`;
  if (limit >= lambdaConcurrency) return [fine("Lambda", what)];
  const step = `Set lambdaConcurrency to ${limit} and deploy; or Service Quotas console, AWS Lambda, Concurrent executions (L-B99A9384): ask for 1,000.`;
  return [gap("Lambda", `${what}: in an incident the APIs would be refused`, step)];
}

async function page({ PageUrl }: Deployed, account: Account): Promise<Finding[]> {
  let status: number;
  try {
    status = await account.visit(PageUrl);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const step = "Point the host at DistributionUrl of the outputs, and see that certificateArn is for that host.";
    return [gap("page", `${PageUrl} does not answer: ${reason}`, step)];
  }
  if (status === 200) return [fine("page", `${PageUrl} answers`)];
  const step = 'Make the page: npm run create-page -- --name "…"; if it is made, see docs/runbook.md on publishing.';
  return [gap("page", `${PageUrl} answers ${status}`, step)];
}

async function alarms({ alarmEmail }: Settings, { AlarmTopicArn }: Deployed, account: Account): Promise<Finding[]> {
  const receivers = await account.alarmReceivers(AlarmTopicArn);
  const waiting = receivers.filter(({ isConfirmed }) => !isConfirmed);
  if (waiting.length > 0) {
    const step = "Open the link in the mail that SNS sent there (AWS Notification - Subscription Confirmation).";
    return waiting.map(({ address }) => gap("alarms", `${address} has not confirmed, so alarms do not reach it`, step));
  }
  if (receivers.length > 0) return [fine("alarms", `${receivers.length} receive the alarms`)];
  if (alarmEmail === null) return [off("alarms", "alarmEmail is null: nobody is mailed when something is wrong")];
  return [gap("alarms", "nobody receives the alarms", "Deploy again: alarmEmail has been set since.")];
}
