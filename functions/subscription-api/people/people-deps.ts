import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../lambda/logger.ts";
import type { AccessStore } from "../../store/access/access-store.ts";
import type { Ledger } from "../../store/deliveries/ledger.ts";
import type { StatusStore } from "../../store/status/status-store.ts";
import type { SubscriberStore } from "../../store/subscribers/subscriber-store.ts";
import type { Captcha } from "../captcha.ts";
import type { LetterDeps } from "../letters.ts";
import type { ServedPage } from "../page-of.ts";

/** What sign-up, confirming, managing and leaving work with. */
export interface PeopleDeps extends LetterDeps {
  status: Pick<StatusStore, "getPage" | "getCatalog" | "getIncident" | "listUnresolved" | "listUpdates">;
  subscribers: Pick<
    SubscriberStore,
    | "get"
    | "findByAddress"
    | "create"
    | "replace"
    | "confirm"
    | "changeState"
    | "invite"
    | "invitationsOf"
    | "forgetInvitations"
    | "block"
    | "blockOf"
    | "unblock"
    | "confirmEndpoint"
    | "remove"
  >;
  access: Pick<AccessStore, "getSigningKey" | "currentSigningKey" | "count" | "getPermits" | "savePermits">;
  ledger: Pick<Ledger, "listSubscriberDeliveries">;
  servedPage: ServedPage;
  clock: Clock;
  /** No trailing slash. */
  pageUrl: string;
  /** Whether mail has a sender. */
  hasMail: boolean;
  smsCountries: ReadonlySet<string>;
  /** Null: none is required. */
  captcha: Captcha | null;
  log: Logger;
}
