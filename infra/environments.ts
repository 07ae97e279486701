import { isSupportedCountry } from "libphonenumber-js/mobile";
import { z } from "zod";
import { isPlainAddress } from "../functions/core/web-address.ts";
import { emailField } from "../functions/subscriptions/email-address.ts";

/** It goes into links, headers and policies as it is given. */
const link = z
  .string()
  .refine(
    (url) => isPlainAddress(url, ["http:", "https:"]),
    "must be an http or https address, without marks such as ; and , and of a host whose name is of letters, digits and hyphens (xn--… where it is written in others)",
  );
const address = link
  .refine((url) => !url.endsWith("/"), "must not end with a slash")
  .refine((url) => !/[?#]/.test(url), "must not have a ? or # in it");
const publicAddress = address.refine((url) => url.startsWith("https://"), "must be an https address");
/** `-c key=value` gives texts, cdk.json and CDK_CONTEXT_JSON may give the thing itself. */
const yesNo = z.union([z.boolean(), z.stringbool()]);
const list = z.union([z.array(z.string()), z.string().transform((text) => (text === "" ? [] : text.split(",")))]);
const countries = list.pipe(
  z.array(
    z
      .string()
      .trim()
      .toUpperCase()
      .transform((code) => (code === "UK" ? "GB" : code))
      .pipe(z.string().refine(isSupportedCountry, "must be ISO 3166 codes of two letters, separated by commas")),
  ),
);
const accounts = list.pipe(
  z.array(z.string().regex(/^\d{12}$/, "must be account ids of 12 digits, separated by commas")),
);
const price = z.coerce.string().regex(/^\d+(\.\d+)?$/, "must be a decimal number of USD");

const shared = {
  /** Prefix of the stacks' names: one deployment serves one page, and an account may hold several. */
  deployment: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, "must be letters, digits and hyphens"),
  account: z
    .string()
    .regex(/^\d{12}$/, "must be 12 digits")
    .optional(),
  region: z.string().optional(),
  /** Largest price of one segment of an SMS in USD. */
  smsMaxPrice: price,
  /** Most that the SMS of one UTC day may cost together, in USD, each segment reckoned at `smsMaxPrice`. */
  smsDailyCeiling: price,
  /** Who an SMS is from, in countries where a name may stand for the number. */
  smsSenderId: z
    .string()
    .regex(/^(?=.*[A-Za-z])[A-Za-z0-9]{1,11}$/, "must be 1 to 11 letters and digits, at least one a letter")
    .optional(),
  /** Countries that SMS may go to; none means no SMS. */
  smsCountries: countries,
  /** Where sign-ups check a CAPTCHA's token (siteverify), and the secret for it; neither means none is asked for. */
  captchaVerifyUrl: link.optional(),
  captchaSecret: z.string().min(1).optional(),
  /** A page of your own to sign up on, which the status page links to in place of its forms: see docs/subscriptions.md. */
  signUpPageUrl: link.optional(),
  /** SES sends per second that the account is allowed: how many senders of email may run at once follows from it. */
  emailsPerSecond: z.coerce.number().positive(),
  alarmEmail: z.optional(emailField),
  /** An organisation of AWS Organizations: each of its accounts may subscribe to the topic. */
  topicOrganization: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, "must be an organisation's id: o- and 10 to 32 small letters and digits")
    .optional(),
  /** Accounts that may subscribe to the topic, beside the organisation's. */
  topicAccounts: accounts,
  /** Deletion protection, and tables and bucket stay when their stack goes. */
  protectData: yesNo,
};

const production = z.object({
  name: z.literal("production"),
  ...shared,
  /** Where the page is reached; without it the distribution's own address. */
  pageUrl: publicAddress.optional(),
  /** Where the subscription API is reached from outside; without it the API's own address. */
  subscriptionsUrl: publicAddress.optional(),
  manageUrl: publicAddress.optional(),
  /** A certificate in us-east-1 for the host of `pageUrl`: the distribution then answers to that name. */
  certificateArn: z.string().startsWith("arn:").optional(),
  /** The sender's address; its domain or the address itself is a verified SES identity. */
  mailFrom: emailField,
  webhookTargets: z.literal("public", "production posts to public https addresses only"),
});

const local = z.object({
  name: z.literal("local"),
  ...shared,
  pageUrl: address,
  subscriptionsUrl: address,
  manageUrl: address.optional(),
  certificateArn: z.undefined().optional(),
  mailFrom: emailField,
  webhookTargets: z.enum(["public", "any"]),
});

const schema = z.discriminatedUnion("name", [production, local]).superRefine((environment, context) => {
  if (environment.certificateArn !== undefined && environment.pageUrl === undefined) {
    context.addIssue({ code: "custom", path: ["pageUrl"], message: "must be given with certificateArn" });
  }
  if ((environment.captchaVerifyUrl === undefined) !== (environment.captchaSecret === undefined)) {
    const message = "must be given together with captchaVerifyUrl, or neither";
    context.addIssue({ code: "custom", path: ["captchaSecret"], message });
  }
  if (environment.captchaVerifyUrl !== undefined && environment.signUpPageUrl === undefined) {
    const message =
      "must be given with captchaVerifyUrl: the status page runs no script, so its own forms have no CAPTCHA";
    context.addIssue({ code: "custom", path: ["signUpPageUrl"], message });
  }
  if (environment.name === "production" && environment.captchaVerifyUrl?.startsWith("http:")) {
    context.addIssue({ code: "custom", path: ["captchaVerifyUrl"], message: "must be an https address" });
  }
  if ((environment.account === undefined) !== (environment.region === undefined)) {
    context.addIssue({ code: "custom", path: ["account"], message: "must be given together with region, or neither" });
  }
});
export type Environment = z.infer<typeof schema>;

/** No mail can be sent from it (RFC 2606): it lets the stacks be synthesized before a sender has been chosen. */
export const MAIL_FROM_NOT_SET = "status@tocsin.invalid";

const defaults: Record<Environment["name"], Readonly<Record<string, unknown>>> = {
  production: {
    deployment: "Tocsin",
    mailFrom: MAIL_FROM_NOT_SET,
    webhookTargets: "public",
    // Most of the world's SMS cost less; toll fraud lives off the rest.
    smsMaxPrice: "0.15",
    smsDailyCeiling: "20",
    smsCountries: [],
    // What SES gives an account that has left its sandbox.
    emailsPerSecond: 14,
    topicAccounts: [],
    protectData: true,
  },
  local: {
    deployment: "Tocsin",
    mailFrom: "status@example.com",
    webhookTargets: "public",
    smsMaxPrice: "0.15",
    // Nothing is paid for here, and whole audiences are tried out.
    smsDailyCeiling: "100000",
    smsCountries: ["AT", "CH", "DE", "FR", "GB", "NL", "US"],
    emailsPerSecond: 14,
    topicAccounts: [],
    protectData: false,
  },
};

const keys = [...new Set([...Object.keys(production.shape), ...Object.keys(local.shape)])].filter(
  (key) => key !== "name",
);

/** The environment named by the context `environment`, each value overridable by a context key of its own name. Throws one error that names every key at fault. */
export function readEnvironment(context: (key: string) => unknown): Environment {
  const name = context("environment") ?? "production";
  if (name !== "production" && name !== "local") {
    throw new Error(`Context "environment" must be production or local, not ${JSON.stringify(name)}`);
  }
  const given = keys.map((key) => [key, context(key)] as const).filter(([, value]) => value !== undefined);
  const parsed = schema.safeParse({ ...defaults[name], ...Object.fromEntries(given), name });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The context of environment "${name}" is not valid (-c key=value):\n${problems.join("\n")}`);
}
