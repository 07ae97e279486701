import { defineConfig } from "./infra/settings.ts";

// Copy this file to tocsin.config.ts and commit it: nothing in it is secret. All commands read it, so that no deployment
// forgets what an earlier one was given. A line that is commented out shows the setting's default, or what it looks like.
// Another deployment has another file: TOCSIN_CONFIG=internal.config.ts npm run deploy
export default defineConfig({
  // Where it is deployed, whatever the shell's region is. Choose one in which SES, and SNS for SMS, can send.
  region: "eu-central-1",
  // The only account that it may be deployed into. Without it: the account of the credentials.
  // account: "111122223333",
  // Prefix of the stacks' names: one deployment serves one page, and an account may hold several.
  // deployment: "Tocsin",

  // Who mail is from: an address that SES has verified, or whose domain it has. With null no mail is sent, and the page,
  // webhooks, chats, feeds and the SNS topic work: for the time until SES has verified it.
  mailFrom: null,
  // mailFrom: "status@example.com",
  // What SES allows the account a second (`npm run doctor` reads it).
  // emailsPerSecond: 14,
  // What Lambda allows the account at once in this region: ten in a new one. Ask for 1,000 (docs/deploy.md) and raise it.
  // lambdaConcurrency: 10,

  // Who is mailed when something is wrong. They confirm it once, in a mail that SNS sends.
  alarmEmail: null,
  // alarmEmail: "oncall@example.com",
  // They are also mailed when the account's month costs 80 % of that many USD, when it costs all of it, and when AWS
  // expects it to.
  // monthlyBudget: 20,

  // Hosts of your own: https, without a slash at the end. The certificate is for the page's host, and in us-east-1.
  // pageUrl: "https://status.example.com",
  // certificateArn: "arn:aws:acm:us-east-1:111122223333:certificate/…",
  // subscriptionsUrl: "https://subscriptions.example.com",
  // manageUrl: "https://api.example.com",
  // The Route 53 zone of these hosts. With it their certificates, domain names and records are made for you.
  // hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.com" },

  // SMS go nowhere until countries are named. Prices are in USD.
  // sms: { countries: ["DE", "AT", "CH"], maxPrice: 0.15, dailyCeiling: 20, senderId: "Acme" },

  // A page of your own for signing up, and a CAPTCHA on it. Its secret is read from that variable of the environment.
  // signUpPageUrl: "https://example.com/status-sign-up",
  // captcha: { verifyUrl: "https://challenges.cloudflare.com/turnstile/v0/siteverify", secretFrom: "CAPTCHA_SECRET" },

  // Who else may subscribe to the SNS topic: an organisation's accounts, or these.
  // topic: { organization: "o-abcdefghij", accounts: ["222222222222"] },

  // How long CloudWatch keeps the logs, audit lines among them, in days.
  // logDays: 30,

  // Deletion protection; tables, hosts and topic outlive their stack. Set it to false only to remove everything.
  // protectData: true,
});
