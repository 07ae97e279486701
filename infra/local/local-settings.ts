import { z } from "zod";
import type { Environment } from "../environments.ts";
import { address } from "../settings.ts";

/** What a start decides about the stacks. */
export const localSettingsSchema = z.strictObject({
  pageUrl: address,
  manageUrl: address,
  subscriptionsUrl: address,
  webhookTargets: z.enum(["any", "public"]),
  emailsPerSecond: z.number().positive(),
});
export type LocalSettings = z.infer<typeof localSettingsSchema>;

/** The stacks as they run on this machine: the operator's file does not count here. */
export function localEnvironment(settings: LocalSettings): Environment {
  return {
    ...settings,
    deployment: "Tocsin",
    region: null,
    account: null,
    mailFrom: "status@example.com",
    alarmEmail: null,
    monthlyBudget: null,
    // As an account of some age has: whole audiences are tried out here.
    lambdaConcurrency: 100,
    certificateArn: null,
    hostedZone: null,
    sms: {
      countries: ["AT", "CH", "DE", "FR", "GB", "NL", "US"],
      maxPrice: 0.15,
      // SMS cost nothing here, and people try out whole audiences.
      dailyCeiling: 100_000,
      senderId: null,
    },
    signUpPageUrl: null,
    captcha: null,
    topic: { organization: null, accounts: [] },
    logDays: 1,
    protectData: false,
  };
}
