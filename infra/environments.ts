import { type Settings, SettingsError } from "./settings.ts";

/** What the stacks are made for: an operator's settings, or those of a start on this machine. */
export interface Environment extends Omit<Settings, "region" | "captcha"> {
  /** null: nowhere in AWS. */
  region: string | null;
  webhookTargets: "public" | "any";
  captcha: { verifyUrl: string; secret: string } | null;
}

/** Throws SettingsError if a secret that the settings name is not in the shell's environment. */
export function productionEnvironment(
  { captcha, ...settings }: Settings,
  shell: Readonly<Record<string, string | undefined>>,
): Environment {
  return {
    ...settings,
    webhookTargets: "public",
    captcha: captcha === null ? null : { verifyUrl: captcha.verifyUrl, secret: secretOf(captcha.secretFrom, shell) },
  };
}

function secretOf(variable: string, shell: Readonly<Record<string, string | undefined>>): string {
  const secret = shell[variable];
  if (secret === undefined || secret === "") {
    throw new SettingsError(`captcha.secretFrom: the environment has no ${variable}`);
  }
  return secret;
}
