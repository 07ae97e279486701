import type { DeliveryState } from "../../core/delivery.ts";
import type { UpdateStatus } from "../../core/incident.ts";
import type { Locale } from "../../core/locale.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

interface Step {
  title: string;
  text: string;
}
interface Question extends Step {
  button: string;
}

/** Everything that the pages behind the mailed links say, and the SMS. One file per language. */
export interface Words {
  language: Locale;
  toPage: string;
  confirm: Question;
  confirmed: Step;
  decline: Question;
  declined: Step;
  unsubscribe: Question & { instead: string; insteadButton: string };
  unsubscribed: Step & { undo: string };
  linkSent: Step;
  resubscribe: Question;
  resubscribed: Step;
  checkMailbox: Step & { sentTo(address: string): string };
  enterCode: Question & { label: string; wrong: string };
  askManage: Question & { email: string; phone: string; country: string; phoneButton: string };
  checkLink: { title: string; mail: string; sms: string };
  manage: {
    title: string;
    saved: string;
    paused: string;
    resumed: string;
    left: string;
    back: string;
    what: string;
    everything: string;
    chosen: string;
    allOf(group: string): string;
    incidents: string;
    preselected: string;
    which: string;
    all: string;
    firstAndLast: string;
    impact: string;
    impacts: { none: string; minor: string; major: string; critical: string };
    language: string;
    save: string;
    isPaused: string;
    isUnsubscribed: string;
    isUnconfirmed: string;
    pauseTitle: string;
    pauseText: string;
    pause: string;
    resume: string;
    comeBack: string;
    leaveTitle: string;
    leaveText: string;
    leave: string;
    sentTitle: string;
    sentLink: string;
    eraseTitle: string;
    eraseText: string;
    eraseSure: string;
    erase: string;
    nothingChosen: string;
    eraseUnsure: string;
  };
  sent: {
    title: string;
    none: string;
    limit: string;
    back: string;
    incident: string;
    update: string;
    time: string;
    state: string;
    unknown: string;
    states: Record<DeliveryState, string>;
    statuses: Record<UpdateStatus, string>;
  };
  erased: Step;
  smsCode(page: string, code: string): string;
  smsLink(page: string): string;
}

const ALL: Record<Locale, Words> = { en, de };

export function wordsFor(locale: Locale): Words {
  return ALL[locale];
}
