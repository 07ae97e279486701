import { z } from "zod";
import type { Environment } from "../environments.ts";
import { address } from "../settings.ts";

/** What a start decides of the stacks. */
export const localSettingsSchema = z.strictObject({
  pageUrl: address,
  manageUrl: address,
  subscriptionsUrl: address,
  webhookTargets: z.enum(["any", "public"]),
  emailsPerSecond: z.number().positive(),
});
export type LocalSettings = z.infer<typeof localSettingsSchema>;

/** The stacks as they run on this machine: the operator's file counts for nothing here. */
export function localEnvironment(settings: LocalSettings): Environment {
  return {
    ...settings,
    deployment: "Tocsin",
    region: null,
    account: null,
    mailFrom: "status@example.com",
    alarmEmail: null,
    certificateArn: null,
    hostedZone: null,
    sms: {
      countries: ["AT", "CH", "DE", "FR", "GB", "NL", "US"],
      maxPrice: 0.15,
      // Nothing is paid for here, and whole audiences are tried out.
      dailyCeiling: 100_000,
      senderId: null,
    },
    signUpPageUrl: null,
    captcha: null,
    topic: { organization: null, accounts: [] },
    protectData: false,
  };
}
