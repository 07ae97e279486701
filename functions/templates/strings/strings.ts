import type { ComponentStatus } from "../../core/component.ts";
import type { Impact, UpdateStatus } from "../../core/incident.ts";
import type { PageDescription } from "../../core/rollup.ts";

/** A sentence with things in it that text and HTML show each in their own way: links, addresses. */
export type Words<T> = readonly (string | T)[];

/** How somebody came to be unsubscribed. */
export type Leaving = "link" | "mail program" | "manage page" | "operator";

/** Everything that readers are told in words of ours. One file per language has them all: one missing does not compile. */
export interface Strings {
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
  /** Of an update that repeats the status of the one before. */
  update: string;
  components: Record<ComponentStatus, string>;
  /** A component's status before it changed. */
  before: string;
  impacts: Record<Impact, string>;
  pageStatus: Record<PageDescription, string>;
  affected: {
    and: string;
    byIncident(what: string): string;
    byMaintenance(what: string, isOver: boolean): string;
  };
  posted: string;
  viewIncident: string;
  viewMaintenance: string;
  /** A maintenance as planned. */
  planned: { begins: string; ends: string; lasts: string; affects: string };
  page: {
    title(name: string): string;
    skip: string;
    navigation: string;
    currentStatus: string;
    currentStatusOf(name: string): string;
    history: string;
    follow: string;
    description(state: string, name: string): string;
    openCount(count: number): string;
    lastChange: string;
    openIncidents: string;
    maintenances: string;
    components: string;
    componentCount(count: number): string;
    affectedCount(affected: number, all: number): string;
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
    seePage: string;
  };
  confirmation: {
    subject(name: string): string;
    preheader(name: string): string;
    headline: string;
    asked<T>(page: T, address: T): Words<T>;
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
    failingSince: string;
    stopped: string;
    lastAttempt: string;
    noAnswer: string;
    comingBack: string;
    meanwhile: string;
    why: string;
  };
  portal: {
    subject(host: string): string;
    preheader: string;
    headline: string;
    asked<T>(page: T, host: T): Words<T>;
    button: string;
    secret: string;
  };
  chatConfirmation: {
    subject(chat: string, name: string): string;
    preheader(chat: string): string;
    headline(chat: string): string;
    asked<T>(page: T, chat: string, host: T): Words<T>;
    test: string;
    button: string;
    ignore: string;
  };
  chatTest: { label: string; title(page: string): string; body: string };
}
