import { isSupportedCountry } from "libphonenumber-js/mobile";
import { z } from "zod";
import { isPlainAddress } from "../functions/core/web-address.ts";
import { emailField } from "../functions/subscriptions/email-address.ts";

/** A link goes into links, headers and policies exactly as given. */
const link = z
  .string()
  .refine(
    (url) => isPlainAddress(url, ["http:", "https:"]),
    "must be an http or https address, without marks such as ; and , and of a host whose name is of letters, digits and hyphens (xn--… where it is written in others)",
  );
const httpsLink = link.refine((url) => url.startsWith("https://"), "must be an https address");
/** Paths are appended to it. */
export const address = link
  .refine((url) => !url.endsWith("/"), "must not end with a slash")
  .refine((url) => !/[?#]/.test(url), "must not have a ? or # in it");
const publicAddress = address.refine((url) => url.startsWith("https://"), "must be an https address");
const accountId = z.string().regex(/^\d{12}$/, "must be an account's id of 12 digits");
const country = z
  .string()
  .trim()
  .toUpperCase()
  .transform((code) => (code === "UK" ? "GB" : code))
  .pipe(z.string().refine(isSupportedCountry, "must be an ISO 3166 code of two letters"));
/** Functions get it as text, and a number in another form (1e-7) is no price. */
const usd = z
  .number()
  .nonnegative("must not be less than 0")
  .refine((price) => /^\d+(\.\d+)?$/.test(String(price)), "must be a decimal number of USD");

const sms = z.strictObject({
  /** Countries that SMS may go to, as ISO codes; none means no SMS. */
  countries: z.array(country).default([]),
  /**
   * The largest price of one segment of an SMS, in USD. In most of the world it costs less; toll fraud lives off the
   * rest.
   */
  maxPrice: usd.default(0.15),
  /** The most that the SMS of one UTC day may cost together, in USD, each segment counted at `maxPrice`. */
  dailyCeiling: usd.default(20),
  /**
   * The name that an SMS is from, in countries where a name may stand for the number; some want it registered first.
   */
  senderId: z
    .string()
    .regex(/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/, "must be 1 to 11 letters and digits, at least one a letter")
    .nullable()
    .default(null),
});

const captcha = z.strictObject({
  /** The provider's siteverify, https. */
  verifyUrl: httpsLink,
  /** The variable of your shell's environment that holds the secret: the file is committed, the secret is not. */
  secretFrom: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable"),
});

const topic = z.strictObject({
  /** An organisation of AWS Organizations (o-…): each of its accounts may subscribe. */
  organization: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, "must be an organisation's id: o- and 10 to 32 small letters and digits")
    .nullable()
    .default(null),
  /** Accounts that may subscribe, beside the organisation's. */
  accounts: z.array(accountId).default([]),
});

/** CloudWatch Logs, PutRetentionPolicy. */
const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const hostedZone = z.strictObject({
  /** The zone's id in Route 53 (Z…). */
  id: z.string().regex(/^Z[A-Z0-9]{1,31}$/, "must be a hosted zone's id, such as Z0123456789ABCDEFGHIJ"),
  /** Its domain. */
  name: z
    .string()
    .regex(/^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/, "must be a domain in small letters, without a dot at its end"),
});

function isHostIn(url: string, zone: string): boolean {
  const { origin, hostname, port } = new URL(url);
  return origin === url && port === "" && (hostname === zone || hostname.endsWith(`.${zone}`));
}

const settingsSchema = z
  .strictObject({
    /** Prefix of the stacks' names: one deployment serves one page, and an account may hold several. */
    deployment: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, "must be letters, digits and hyphens")
      .default("Tocsin"),
    /** The region to deploy into, whatever the shell's own region is. */
    region: z.string().regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, "must be a region's name such as eu-central-1"),
    /** The only account that it may be deployed into; null: that of the credentials. */
    account: accountId.nullable().default(null),
    /** The sender's address. SES must have verified it, or its domain. null: no mail yet, and all the rest works. */
    mailFrom: z.nullable(emailField),
    /** SES sends a second that the account is allowed: it decides how many senders of email may run at once. */
    emailsPerSecond: z.number().positive("must be more than 0").default(14),
    /** How many functions the account may run at once in the region: it decides how many invocations each queue may take. */
    lambdaConcurrency: z.int("must be a whole number").min(10, "must be 10 or more").default(10),
    /** Who gets a mail when something is wrong; null: nobody. */
    alarmEmail: z.nullable(emailField),
    /** USD a month that the account may cost before AWS Budgets mails `alarmEmail`; null: no budget. */
    monthlyBudget: usd.positive("must be more than 0").nullable().default(null),
    /** The page's address, https, without a slash at the end; null: the distribution's own address. */
    pageUrl: publicAddress.nullable().default(null),
    /** A certificate in us-east-1 for the host of `pageUrl`: with it the distribution answers to that name. */
    certificateArn: z.string().startsWith("arn:", "must be an ARN").nullable().default(null),
    /** The APIs' addresses from outside; null: their own. */
    subscriptionsUrl: publicAddress.nullable().default(null),
    manageUrl: publicAddress.nullable().default(null),
    /** The public zone in Route 53 of these three hosts: certificates, domain names and records are made there. */
    hostedZone: hostedZone.nullable().default(null),
    sms: sms.prefault({}),
    /** A page of your own to sign up on, which the status page links to in place of its forms. */
    signUpPageUrl: link.nullable().default(null),
    /** A CAPTCHA for sign-ups on `signUpPageUrl`; null: none is required. */
    captcha: captcha.nullable().default(null),
    /** Who else may subscribe to the SNS topic. */
    topic: topic.prefault({}),
    /** How many days CloudWatch keeps the logs, of those that it offers. Audit lines are among them. */
    logDays: z.literal(LOG_DAYS, `must be one of ${LOG_DAYS.join(", ")}`).default(30),
    /** Deletion protection; tables, hosts and topic stay when their stack goes. */
    protectData: z.boolean().default(true),
  })
  .superRefine((settings, context) => {
    const wrong = (key: keyof typeof settings, message: string) =>
      context.addIssue({ code: "custom", path: [key], message });
    if (settings.certificateArn !== null && settings.pageUrl === null) {
      wrong("pageUrl", "must be given with certificateArn");
    }
    if (settings.monthlyBudget !== null && settings.alarmEmail === null) {
      wrong("alarmEmail", "must be given with monthlyBudget: that is who is mailed");
    }
    for (const key of ["pageUrl", "subscriptionsUrl", "manageUrl"] as const) {
      const url = settings[key];
      if (settings.hostedZone === null || url === null || isHostIn(url, settings.hostedZone.name)) continue;
      wrong(key, `must be https:// and a host in ${settings.hostedZone.name} alone, the domain of hostedZone`);
    }
    if (settings.captcha !== null && settings.signUpPageUrl === null) {
      wrong(
        "signUpPageUrl",
        "must be given with captcha: the status page runs no script, so its own forms have no CAPTCHA",
      );
    }
  });

/** What an operator decides, with defaults for what they left out. */
export type Settings = z.infer<typeof settingsSchema>;
/** What tocsin.config.ts may say. */
export type Config = z.input<typeof settingsSchema>;

/** Helps an editor: tocsin.config.ts says `export default defineConfig({…})`. */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * Settings that cannot be read or are wrong: a line for each, with the file and the setting. A stack trace does not
 * help here.
 */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** Throws SettingsError with a line for each value that is missing or wrong. `file` is for those lines. */
export function parseSettings(config: unknown, file: string): Settings {
  const parsed = settingsSchema.safeParse(config, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new SettingsError(parsed.error.issues.flatMap((issue) => linesOf(issue, file)).join("\n"));
}

function linesOf(issue: z.core.$ZodIssue, file: string): string[] {
  const at = (key: readonly PropertyKey[]) => `${file}: ${key.map(String).join(".")}`;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${at([...issue.path, key])}: there is no such setting`);
  }
  if (issue.path.length === 0) return [`${file}: must say "export default defineConfig({…})"`];
  if (issue.input === undefined && issue.code === "invalid_type") return [`${at(issue.path)}: is missing`];
  return [`${at(issue.path)}: ${issue.message}`];
}
