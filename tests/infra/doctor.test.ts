import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import type { Account, MailIdentity } from "../../infra/doctor/account.ts";
import { awsAccount } from "../../infra/doctor/aws-account.ts";
import { diagnose, type Finding } from "../../infra/doctor/diagnose.ts";
import { report } from "../../infra/doctor/report.ts";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { type Config, parseSettings } from "../../infra/settings.ts";
import { afterTheTest } from "../fixtures/clean-up.ts";

const later = afterTheTest();

const DEPLOYED = {
  Region: "eu-central-1",
  PageUrl: "https://status.example.com",
  AlarmTopicArn: "arn:aws:sns:eu-central-1:111111111111:alarms",
  ConfigurationSetName: "set",
};
const READY: Config = {
  region: "eu-central-1",
  mailFrom: "status@mail.example.com",
  emailsPerSecond: 50,
  alarmEmail: "oncall@example.com",
  sms: { countries: ["DE", "US"], dailyCeiling: 20 },
};
const VERIFIED: MailIdentity = {
  isVerified: true,
  isDkimSigned: true,
  dkimTokens: ["a", "b"],
  isMailFromRefused: false,
};

/** An account in which everything is there, but for what the test takes away. */
function account(changes: Partial<Account> = {}): Account {
  return {
    mail: async () => ({
      isInSandbox: false,
      review: "GRANTED",
      isSending: true,
      enforcement: "HEALTHY",
      perSecond: 50,
      perDay: 100_000,
    }),
    mailIdentity: async (name) => (name === "example.com" ? VERIFIED : null),
    configurationSet: async () => ({ isSending: true, suppressed: ["BOUNCE", "COMPLAINT"] }),
    sms: async () => ({ isInSandbox: false, monthlyLimitUsd: 100 }),
    origination: async () => ({ numbers: ["US"], senderIds: ["DE"] }),
    concurrency: async () => 1_000,
    alarmReceivers: async () => [{ address: "oncall@example.com", isConfirmed: true }],
    visit: async () => 200,
    ...changes,
  };
}

const settings = (config: Partial<Config> = {}) => parseSettings({ ...READY, ...config }, "tocsin.config.ts");
const find = (changes: Partial<Account>, config: Partial<Config> = {}) =>
  diagnose(settings(config), DEPLOYED, account(changes));
const gaps = async (changes: Partial<Account>, config: Partial<Config> = {}) =>
  (await find(changes, config)).filter(({ state }) => state === "gap");

describe("doctor", () => {
  it("finds nothing missing where nothing is, under a verified parent of the sender's domain too", async () => {
    const found = await find({});
    expect(found.every(({ state }) => state === "fine")).toBe(true);
    expect(new Set(found.map(({ area }) => area))).toEqual(new Set(["mail", "SMS", "Lambda", "page", "alarms"]));
    expect(report(found)).toContain("✓ mail    example.com is verified for sending");
    expect(report(found).trimEnd().split("\n").at(-1)).toBe("Nothing is missing.");
  });

  const mail = { isInSandbox: false, review: null, isSending: true, enforcement: "HEALTHY", perSecond: 50, perDay: 1 };
  it.each<[string, Partial<Account>, Partial<Config>, RegExp, RegExp]>([
    [
      "the sandbox",
      { mail: async () => ({ ...mail, isInSandbox: true, review: "PENDING", perSecond: 1 }) },
      {},
      /sandbox \(the request is PENDING\)/,
      /production access: SES console in eu-central-1/,
    ],
    [
      "a paused account",
      { mail: async () => ({ ...mail, isSending: false, enforcement: "SHUTDOWN" }) },
      {},
      /paused the account/,
      /answer it/,
    ],
    ["a rate that the settings do not know", {}, { emailsPerSecond: 14 }, /SES allows 50/, /Set emailsPerSecond: 50/],
    [
      "an unknown sender",
      { mailIdentity: async () => null },
      {},
      /knows neither status@mail\.example\.com nor mail\.example\.com/,
      /create-email-identity --region eu-central-1 --email-identity mail\.example\.com/,
    ],
    [
      "an identity that waits for its records",
      { mailIdentity: async (name) => (name === "example.com" ? { ...VERIFIED, isVerified: false } : null) },
      {},
      /not verified example\.com yet/,
      /a\._domainkey\.example\.com CNAME a\.dkim\.amazonses\.com; b\._domainkey/,
    ],
    [
      "mail that is not signed",
      { mailIdentity: async () => ({ ...VERIFIED, isDkimSigned: false }) },
      {},
      /not signed with DKIM/,
      /DKIM/,
    ],
    [
      "a MAIL FROM domain that is refused",
      { mailIdentity: async () => ({ ...VERIFIED, isMailFromRefused: true }) },
      {},
      /MAIL FROM domain/,
      /MX record/,
    ],
    ["a configuration set that is gone", { configurationSet: async () => null }, {}, /set is gone/, /--revert-drift/],
    [
      "one that is switched off",
      { configurationSet: async () => ({ isSending: false, suppressed: ["BOUNCE", "COMPLAINT"] }) },
      {},
      /switched off/,
      /--sending-enabled/,
    ],
    [
      "one that suppresses nothing",
      { configurationSet: async () => ({ isSending: true, suppressed: ["BOUNCE"] }) },
      {},
      /complaint/,
      /BOUNCE COMPLAINT/,
    ],
    [
      "the SMS sandbox",
      { sms: async () => ({ isInSandbox: true, monthlyLimitUsd: 100 }) },
      {},
      /SMS sandbox/,
      /Exit SMS sandbox/,
    ],
    [
      "a monthly limit below a day's ceiling",
      { sms: async () => ({ isInSandbox: false, monthlyLimitUsd: 1 }) },
      {},
      /1 USD a month/,
      /MonthlySpendLimit=N/,
    ],
    [
      "no number for the US",
      { origination: async () => ({ numbers: ["DE"], senderIds: [] }) },
      {},
      /SMS to US/,
      /resource policy/,
    ],
    [
      "few Lambdas",
      { concurrency: async () => 10 },
      { lambdaConcurrency: 100 },
      /APIs would be refused/,
      /lambdaConcurrency to 10 .*L-B99A9384/,
    ],
    ["no page yet", { visit: async () => 404 }, {}, /answers 404/, /create-page/],
    [
      "a host that leads nowhere",
      { visit: () => Promise.reject(new Error("getaddrinfo ENOTFOUND status.example.com")) },
      {},
      /does not answer: getaddrinfo/,
      /DistributionUrl/,
    ],
    [
      "alarms that nobody confirmed",
      { alarmReceivers: async () => [{ address: "oncall@example.com", isConfirmed: false }] },
      {},
      /oncall@example\.com has not confirmed/,
      /Subscription Confirmation/,
    ],
  ])("names %s, and the step that ends it", async (_what, changes, config, what, step) => {
    const found = await gaps(changes, config);
    expect(found).toMatchObject([{ what: expect.stringMatching(what), step: expect.stringMatching(step) }]);
    expect(report(found)).toMatch(/1 gap\.$/);
  });

  it("says what the settings do without, and holds nothing against them", async () => {
    const found = await find(
      { mailIdentity: async () => null, alarmReceivers: async () => [] },
      {
        mailFrom: null,
        alarmEmail: null,
        sms: {},
      },
    );
    expect(found.filter(({ state }) => state === "off").map(({ area }) => area)).toEqual(["mail", "SMS", "alarms"]);
    expect(found.filter(({ state }) => state === "gap")).toEqual([]);
  });

  it("says what could not be read and what that needs, and reads all the rest", async () => {
    const denied = Object.assign(new Error("not authorized to perform ses:GetAccount"), {
      name: "AccessDeniedException",
    });
    const found = await find({ mail: () => Promise.reject(denied) });
    const unread = found.filter(({ state }) => state === "unread");
    expect(unread).toEqual<Finding[]>([
      {
        area: "mail",
        state: "unread",
        what: "AccessDeniedException: not authorized to perform ses:GetAccount",
        step: "Needs ses:GetAccount; or look in the console.",
      },
    ]);
    expect(found.filter(({ state }) => state === "fine").length).toBeGreaterThan(5);
    expect(report(found)).toMatch(/Nothing is missing; 1 could not be looked at\.$/);
  });
});

/** AWS, as far as doctor asks it: answers in the forms that each service has. */
const ANSWERS: Record<string, (path: string) => { status?: number; type?: string; body: string }> = {
  "/v2/email/account": () => ({
    body: JSON.stringify({
      ProductionAccessEnabled: false,
      SendingEnabled: true,
      EnforcementStatus: "HEALTHY",
      SendQuota: { MaxSendRate: 1, Max24HourSend: 200, SentLast24Hours: 0 },
      Details: { ReviewDetails: { Status: "DENIED" } },
    }),
  }),
  "/v2/email/identities/": (path) =>
    path.endsWith("/example.com")
      ? {
          body: JSON.stringify({
            VerifiedForSendingStatus: true,
            DkimAttributes: { SigningEnabled: true, Status: "PENDING" },
          }),
        }
      : { status: 404, type: "NotFoundException", body: JSON.stringify({ message: "no such identity" }) },
  "/v2/email/configuration-sets/": () => ({ status: 403, type: "AccessDeniedException", body: "{}" }),
  "/2016-08-19/account-settings": () => ({ body: JSON.stringify({ AccountLimit: { ConcurrentExecutions: 10 } }) }),
  "Action=GetSMSSandboxAccountStatus": () => ({
    body: xml("GetSMSSandboxAccountStatus", "<IsInSandbox>true</IsInSandbox>"),
  }),
  "Action=GetSMSAttributes": () => ({ body: xml("GetSMSAttributes", "<attributes/>") }),
  "Action=ListSubscriptionsByTopic": () => ({
    body: xml(
      "ListSubscriptionsByTopic",
      "<Subscriptions><member><Endpoint>a@example.com</Endpoint><SubscriptionArn>PendingConfirmation</SubscriptionArn></member></Subscriptions>",
    ),
  }),
  DescribePhoneNumbers: () => ({ body: JSON.stringify({ PhoneNumbers: [{ IsoCountryCode: "US" }] }) }),
  DescribeSenderIds: () => ({ body: JSON.stringify({ SenderIds: [] }) }),
};

function xml(action: string, result: string): string {
  return `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${result}</${action}Result></${action}Response>`;
}

describe("the account behind the SDK", () => {
  it("says what AWS answers, and null for what is not there", async () => {
    const server = createServer(async (request, response) => {
      const path = request.url ?? "";
      const asked = `${path} ${await text(request)} ${request.headers["x-amz-target"] ?? ""}`;
      const answer = Object.entries(ANSWERS).find(([part]) => asked.includes(part))?.[1](path);
      response.writeHead(answer?.status ?? 200, answer?.type === undefined ? {} : { "x-amzn-errortype": answer.type });
      response.end(answer?.body ?? "");
    });
    const port = await listen(server, 0);
    later(() => closeServer(server));
    vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    later(() => void vi.unstubAllEnvs());
    const aws = awsAccount("eu-central-1");
    expect(await aws.mail()).toEqual({
      isInSandbox: true,
      review: "DENIED",
      isSending: true,
      enforcement: "HEALTHY",
      perSecond: 1,
      perDay: 200,
    });
    expect(await aws.mailIdentity("example.com")).toMatchObject({ isVerified: true, isDkimSigned: false });
    expect(await aws.mailIdentity("status@example.com")).toBeNull();
    await expect(aws.configurationSet("set")).rejects.toThrow(
      expect.objectContaining({ name: "AccessDeniedException" }),
    );
    // One dollar, where nobody changed it.
    expect(await aws.sms()).toEqual({ isInSandbox: true, monthlyLimitUsd: 1 });
    expect(await aws.origination()).toEqual({ numbers: ["US"], senderIds: [] });
    expect(await aws.concurrency()).toBe(10);
    expect(await aws.alarmReceivers("arn")).toEqual([{ address: "a@example.com", isConfirmed: false }]);
  });

  it("visits the page, and says why when nobody answers", async () => {
    const server = createServer((_, response) => response.writeHead(404).end("no"));
    const port = await listen(server, 0);
    const { visit } = awsAccount("eu-central-1");
    expect(await visit(`http://127.0.0.1:${port}/`)).toBe(404);
    await closeServer(server);
    await expect(visit(`http://127.0.0.1:${port}/`)).rejects.toThrow(/ECONNREFUSED/);
  });
});
