import type { ComponentStatus } from "../../core/component.ts";
import type { DeliveryState } from "../../core/delivery.ts";
import type { Impact, UpdateStatus } from "../../core/incident.ts";
import type { PageDescription } from "../../core/rollup.ts";

/** A sentence with parts that text and HTML show each in their own way: links, addresses. */
export type Words<T> = readonly (string | T)[];

/** How somebody came to be unsubscribed. */
export type Leaving = "link" | "mail program" | "manage page" | "operator";

/** The forms on the page. */
export interface SignUpStrings {
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
  /** On the page of an incident, and of a maintenance. */
  incident: { title: string; hint: string };
  maintenance: { title: string; hint: string };
  manage: string;
}

interface Step {
  title: string;
  text: string;
}
interface Question extends Step {
  button: string;
}

/** The pages behind the mailed links, and the SMS besides updates. */
export interface SubscriptionStrings {
  toPage: string;
  badLink: Step;
  refused: {
    title: string;
    email: string;
    noMail: string;
    phone: string;
    captcha: string;
    choice: string;
    tooMany: string;
    later: string;
    back: string;
  };
  /** For somebody who opens an address that only takes what a form sends. */
  formOnly: Step;
  confirm: Question;
  confirmed: Step;
  /** For a chat's hook: which chat it is, and at which host. The rest of the address is its secret. */
  confirmChat(chat: string, host: string): Question;
  chatConfirmed(chat: string, host: string): Step;
  noPlace: Step;
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
    sentLink: string;
    eraseTitle: string;
    eraseText: string;
    eraseSure: string;
    erase: string;
    nothingChosen: string;
    everythingAndSome: string;
    gone: string;
    hearsNothing: string;
    eraseUnsure: string;
  };
  sent: {
    title: string;
    none: string;
    limit: string;
    back: string;
    unknown: string;
    states: Record<DeliveryState, string>;
  };
  erased: Step;
  smsCode(page: string, code: string): string;
  smsLink(page: string): string;
}

/** What the status page and its feeds say. */
export interface PageStrings {
  page: {
    title(name: string): string;
    skip: string;
    navigation: string;
    currentStatus: string;
    currentStatusOf(name: string): string;
    history: string;
    follow: string;
    /** The index's title while something is open. */
    titleWith(state: string, name: string): string;
    description(state: string, name: string): string;
    openCount(count: number): string;
    lastChange: string;
    openIncidents: string;
    maintenances: string;
    components: string;
    componentCount(count: number): string;
    affectedCount(affected: number, all: number): string;
    /** A link to those for which there is no room. */
    olderUpdates(count: number): string;
    pastIncidents: string;
    wholeHistory: string;
    noneSince(date: string): string;
    noOtherSince(date: string): string;
    followTitle: string;
    atom: string;
    atomHint: string;
    rss: string;
    rssHint: string;
    json: string;
    jsonHint: string;
    maintenance: string;
    postmortemPublished: string;
    historyTitle: string;
    historyDescription(name: string): string;
    historyEmpty: string;
    notFoundTitle: string;
    notFoundDescription(name: string): string;
    notFound: string;
    notFoundText<T>(status: (label: string) => T, history: (label: string) => T): Words<T>;
    zones(zone: string): string;
    publishedWith: string;
  };
  feed: { title(name: string): string; description(name: string): string };
  signUp: SignUpStrings;
}

/** What mails say, and the first post to a chat. */
export interface MailStrings {
  updateEmail: {
    follow: string;
    earlier: string;
    readWhole: string;
    older(count: number): string;
    readAll: string;
    why<T>(page: T): Words<T>;
    leave: string;
    reminder: string;
    beginsSoon(time: string): string;
  };
  letters: {
    linkWorks(days: number): string;
    fallback: string;
    ignore: string;
    decline<T>(decline: (label: string) => T): Words<T>;
    seePage: string;
  };
  confirmation: {
    subject(name: string): string;
    preheader(name: string): string;
    headline: string;
    asked<T>(page: T): Words<T>;
    button: string;
    ignore<T>(decline: (label: string) => T): Words<T>;
  };
  manageLink: {
    subject(name: string): string;
    preheader: string;
    headline: string;
    asked<T>(page: T, address: T): Words<T>;
    button: string;
    secret: string;
  };
  unsubscribed: {
    subject(name: string): string;
    preheader(days: number): string;
    headline: string;
    nothingMore<T>(page: T, address: T): Words<T>;
    askedAt: string;
    askedHow: string;
    how: Record<Leaving, string>;
    shared: string;
    button: string;
    why: string;
  };
  quarantine: {
    subject(name: string, host: string): string;
    preheader(host: string, since: string): string;
    headline: string;
    refused<T>(page: T, host: T): Words<T>;
    /** Where several endpoints of one contact stopped within the hour. */
    many: {
      subject(name: string, count: number): string;
      preheader(count: number): string;
      headline: string;
      refused<T>(page: T, count: number): Words<T>;
      since(time: string, answer: string): string;
      others(count: number): string;
    };
    failingSince: string;
    stopped: string;
    lastAttempt: string;
    noAnswer: string;
    comingBack: string;
    meanwhile: string;
    why: string;
  };
  portal: {
    subject(host: string | null, name: string): string;
    preheader: string;
    headline: string;
    asked<T>(page: T, host: T | null): Words<T>;
    button: string;
    unproven(days: number): string;
    secret: string;
  };
  chatConfirmation: {
    subject(chat: string, name: string): string;
    preheader(chat: string): string;
    headline(chat: string): string;
    asked<T>(page: T, chat: string, host: T | null): Words<T>;
    test: string;
    button: string;
    ignore: string;
  };
  chatTest: {
    label: string;
    title(page: string): string;
    /** Before its contact has confirmed it, and when they try it out later. */
    body: { hello: string; test: string };
  };
}

/** All words of ours that readers see. Each language has all of them: if one is missing, it does not compile. */
export interface Strings extends PageStrings, MailStrings {
  /** BCP 47: of documents and feeds. */
  language: string;
  times: {
    /** `month` is 1 to 12. */
    date(year: number, month: number, day: number): string;
    month(year: number, month: number): string;
    dateTime(date: string, time: string): string;
    to: string;
    since(time: string): string;
    inAll(span: string, duration: string): string;
    days: string;
    hours: string;
    minutes: string;
  };
  statuses: Record<UpdateStatus, string>;
  /** For an update that repeats the status of the one before. */
  update: string;
  /** Marks what is struck out, if the stroke cannot be seen. */
  noLonger(text: string): string;
  components: Record<ComponentStatus, string>;
  /** A component's status before it changed. */
  before: string;
  impacts: Record<Impact, string>;
  pageStatus: Record<PageDescription, string>;
  /** For a page whose components look better than what is open on it. */
  openImpacts: Record<Exclude<Impact, "maintenance">, string>;
  affected: {
    and: string;
    /** Components that are not named because there is no room; after `and`. */
    more(count: number): string;
    byIncident(what: string, isOver: boolean): string;
    byMaintenance(what: string, isOver: boolean): string;
  };
  posted: string;
  viewIncident: string;
  viewMaintenance: string;
  /** A maintenance as planned. */
  planned: { begins: string; ends: string; lasts: string; affects: string };
  subscriptions: SubscriptionStrings;
}
