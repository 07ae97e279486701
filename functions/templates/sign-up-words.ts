import type { Locale } from "../core/locale.ts";

/** What the forms to sign up say on the page. */
export interface SignUpWords {
  email: string;
  emailHint: string;
  emailButton: string;
  sms: string;
  country: string;
  phone: string;
  smsButton: string;
  only: string;
  onlyHint: string;
  allOf(group: string): string;
  elsewhere: string;
  incidentTitle: string;
  incidentHint: string;
  manage: string;
}

const en: SignUpWords = {
  email: "Email address",
  emailHint: "You will be sent a mail to confirm it, and can leave with one click.",
  emailButton: "Subscribe by email",
  sms: "By SMS",
  country: "Country",
  phone: "Mobile number",
  smsButton: "Subscribe by SMS",
  only: "Only some components",
  onlyHint: "Nothing ticked means everything.",
  allOf: (group) => `All of ${group}`,
  elsewhere: "Sign up for updates",
  incidentTitle: "Subscribe to this incident",
  incidentHint: "Updates of this incident only, until it is over.",
  manage: "Change or end a subscription",
};

const de: SignUpWords = {
  email: "E-Mail-Adresse",
  emailHint: "Sie erhalten eine Mail zur Bestätigung und können sich mit einem Klick abmelden.",
  emailButton: "Per E-Mail abonnieren",
  sms: "Per SMS",
  country: "Land",
  phone: "Mobilnummer",
  smsButton: "Per SMS abonnieren",
  only: "Nur einige Komponenten",
  onlyHint: "Nichts angekreuzt bedeutet alles.",
  allOf: (group) => `Alles aus ${group}`,
  elsewhere: "Meldungen abonnieren",
  incidentTitle: "Diese Störung abonnieren",
  incidentHint: "Nur Meldungen zu dieser Störung, bis sie vorbei ist.",
  manage: "Abonnement ändern oder beenden",
};

const ALL: Record<Locale, SignUpWords> = { en, de };

export function signUpWords(locale: Locale): SignUpWords {
  return ALL[locale];
}
