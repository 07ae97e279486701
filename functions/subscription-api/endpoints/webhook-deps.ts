import type { Clock, Random } from "../../core/clock.ts";
import type { Locale } from "../../core/locale.ts";
import type { Page } from "../../core/page.ts";
import type { ChatFormat, WebhookFormat } from "../../core/subscriber.ts";
import type { Logger } from "../../lambda/logger.ts";
import type { LetterQueue, ProbeQueue, RetryQueues } from "../../providers/queues.ts";
import type { AccessStore } from "../../store/access/access-store.ts";
import type { Ledger } from "../../store/deliveries/ledger.ts";
import type { StatusStore } from "../../store/status/status-store.ts";
import type { SubscriberStore } from "../../store/subscribers/subscriber-store.ts";
import type { Captcha } from "../captcha.ts";
import type { ServedPage } from "../page-of.ts";

/** A mail to an endpoint's contact. */
export interface ContactLetter {
  page: Page;
  locale: Locale;
  to: string;
  /**
   * Host of the endpoint: its path may be a secret and is not shown. Null: the reader has not proved to be its contact.
   */
  host: string | null;
  /** For such a reader: where they close their mailbox. */
  declineUrl: string | null;
  /** How long its link works. */
  days: number;
}

export interface PortalLetter extends ContactLetter {
  portalUrl: string;
  /**
   * The days in which the endpoint must prove whose it is: the link ends with a registration that does not. Null: it
   * proved it once.
   */
  daysToProve: number | null;
}

/** The posts that try out an endpoint. */
type ProbeText = { probe: "challenge"; echo: string } | { probe: "test"; probeId: string } | { probe: "hello" };

/** What the registration of webhooks and the portal of their integrators work with. */
export interface WebhookDeps {
  status: Pick<StatusStore, "getPage" | "getCatalog" | "getIncident" | "listTellings">;
  subscribers: Pick<
    SubscriberStore,
    "get" | "invite" | "create" | "findByAddress" | "replace" | "countPlaces" | "rotateSecret" | "remove" | "blockOf"
  >;
  access: Pick<AccessStore, "getSigningKey" | "currentSigningKey" | "count" | "getPermits" | "savePermits">;
  ledger: Pick<Ledger, "getDeliveries" | "listSubscriberDeliveries" | "listEndpointDeliveries" | "changeDelivery">;
  /** Deliveries go there that integrators send again: the probes' lane. */
  resends: RetryQueues;
  probes: ProbeQueue;
  /** Whether mail has a sender. */
  hasMail: boolean;
  letters: LetterQueue;
  renderPortalLink: (letter: PortalLetter) => Promise<string>;
  renderChatConfirmation: (letter: ContactLetter & { chat: ChatFormat; confirmUrl: string }) => Promise<string>;
  /** The body of a probe in the endpoint's format; challenges are only for `statuspage`, hellos only for the others. */
  renderProbe: (text: ProbeText, to: { page: Page; format: WebhookFormat; locale: Locale; now: number }) => string;
  servedPage: ServedPage;
  clock: Clock;
  random: Random;
  /** No trailing slash. */
  pageUrl: string;
  /** The links in mails lead there: this API. No trailing slash. */
  subscriptionsUrl: string;
  webhookTargets: "public" | "any";
  /** Null: none is required. */
  captcha: Captcha | null;
  log: Logger;
}
