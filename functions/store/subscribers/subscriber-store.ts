import type { Invitation } from "../../core/invitation.ts";
import type { BlockReason, Channel, EndpointHealth, Subscriber, SubscriberState } from "../../core/subscriber.ts";
import type { ListPage } from "../status/status-store.ts";
import { positionKey } from "./subscriber-items.ts";

type CreateOutcome = { outcome: "created" } | { outcome: "exists"; subscriberId: string };
/**
 * `unchanged`: it was not in one of the states that the change starts from (or, for `confirm`, the token is another
 * one).
 */
export type ChangeOutcome =
  | { outcome: "changed"; subscriber: Subscriber }
  | { outcome: "unchanged"; subscriber: Subscriber }
  | { outcome: "missing" };

/** From any of some states to another. */
interface StateChange {
  from: readonly SubscriberState[];
  to: SubscriberState;
}

/** What `listRange` goes on from to start after this subscriber. */
export function cursorAfter(subscriberId: string): string {
  return positionKey(subscriberId);
}

/**
 * The subscribers table: personal data. A guard item keeps it to one subscriber per address, channel and page. All
 * reads are strongly consistent.
 */
export interface SubscriberStore {
  /**
   * Stores subscriber and guard in one transaction. An unsubscribed holder of the address is `exists` too: see
   * `replace`.
   */
  create(subscriber: Subscriber): Promise<CreateOutcome>;
  get(pageId: string, channel: Channel, subscriberId: string): Promise<Subscriber | null>;
  /** Looks on all channels. */
  find(pageId: string, subscriberId: string): Promise<Subscriber | null>;
  /** Up to 100 ids; leaves out missing ones. Asks again for unprocessed keys. */
  getMany(pageId: string, channel: Channel, subscriberIds: readonly string[]): Promise<Subscriber[]>;
  /** In order of hash position, all states. */
  list(pageId: string, channel: Channel, limit: number, cursor: string | null): Promise<ListPage<Subscriber>>;
  /**
   * Active subscribers whose position lies in [from, to] (8 hex digits, both included), after `after` if given.
   * `next` goes on after the last one looked at.
   */
  listRange(
    pageId: string,
    channel: Channel,
    range: { from: string; to: string },
    after: string | null,
    limit: number,
  ): Promise<ListPage<Subscriber>>;
  /** How many there are: exact if they are few, else scaled by the position up to which they were counted. */
  estimate(pageId: string, channel: Channel): Promise<number>;

  /** unconfirmed -> active, on the condition of the token's SHA-256. Already active with the same token: `unchanged`. */
  confirm(
    pageId: string,
    channel: Exclude<Channel, "webhook">,
    subscriberId: string,
    tokenHash: string,
    now: number,
  ): Promise<ChangeOutcome>;
  /**
   * The same for an endpoint. In one transaction it takes one of the `most` places of its host (on any port): however
   * many are confirmed at once, no more get one. `full`: there is none. It keeps the place while it is active; an
   * endpoint that operators vouch for needs none. The token may also belong to a registration that waits beside it,
   * which then takes effect.
   */
  confirmEndpoint(
    pageId: string,
    subscriberId: string,
    tokenHash: string,
    most: number,
    now: number,
  ): Promise<ChangeOutcome | { outcome: "full" }>;
  /** How many endpoints of a host (as `URL.hostname` gives it) hold a place. */
  countPlaces(pageId: string, host: string): Promise<number>;
  /**
   * Keeps what people asked for in the name of a subscriber's address, beside the subscriber. This changes nothing of
   * theirs, except that an unconfirmed one gets 90 new days. See `withInvitation`.
   */
  invite(pageId: string, channel: Channel, subscriberId: string, invitation: Invitation, now: number): Promise<void>;
  invitationsOf(pageId: string, channel: Channel, subscriberId: string): Promise<Invitation[]>;
  forgetInvitations(pageId: string, channel: Channel, subscriberId: string): Promise<void>;
  /** Sets the matching time. */
  changeState(
    pageId: string,
    channel: Channel,
    subscriberId: string,
    states: StateChange,
    now: number,
  ): Promise<ChangeOutcome>;
  /** For an unconfirmed one these are two writes, as in `rotateSecret`: the time of their removal changes too. */
  saveScopes(
    pageId: string,
    channel: Channel,
    subscriberId: string,
    scopes: Subscriber["scopes"],
    now: number,
  ): Promise<ChangeOutcome>;
  /** Puts a new confirmation token's SHA-256 in place of the old one; unconfirmed ones only. */
  saveConfirmToken(
    pageId: string,
    channel: Channel,
    subscriberId: string,
    tokenHash: string,
    now: number,
  ): Promise<ChangeOutcome>;
  /** Makes the next signing secret of a webhook, on the condition that `from` is its present version. */
  rotateSecret(
    pageId: string,
    subscriberId: string,
    from: number,
    rotation: { id: string; at: number },
  ): Promise<ChangeOutcome>;
  /** The one subscriber that the address has, if any; `address` as `addressOf` gives it. */
  findByAddress(pageId: string, channel: Channel, address: string): Promise<Subscriber | null>;
  /**
   * Puts a changed subscriber in place of the one read, if nobody changed it since: otherwise `unchanged`. Id, page,
   * channel and address stay. `updatedAt` grows with every such change, whatever the clock says.
   */
  replace(read: Subscriber, next: Subscriber): Promise<ChangeOutcome>;
  /**
   * Stores what is known of an endpoint's health in place of what was known (both may be null: nothing). `lost`: it is
   * no longer what was read. This is no change of the subscription: `updatedAt` stays.
   */
  saveHealth(
    pageId: string,
    subscriberId: string,
    read: EndpointHealth | null,
    health: EndpointHealth | null,
  ): Promise<{ outcome: "saved" } | { outcome: "lost" }>;
  /**
   * Nothing may be sent to this address, no matter who asks. `mac`: see `addressMac`; the address itself is not kept. A
   * bounce replaces no other reason. Returns the reason that stood there before, if any.
   */
  block(pageId: string, channel: Channel, mac: string, reason: BlockReason, now: number): Promise<BlockReason | null>;
  blockOf(pageId: string, channel: Channel, mac: string): Promise<BlockReason | null>;
  /** Ends a block that is for this reason; any other stays. */
  unblock(pageId: string, channel: Channel, mac: string, reason: BlockReason): Promise<void>;
  /**
   * Subscribers whose time is over (see `purgeAtOf`), up to `limit`, those over for the longest first. The index lags
   * behind, so what it names is read again, and anybody changed meanwhile is left out.
   */
  listPurgeable(now: number, limit: number): Promise<Subscriber[]>;
  /**
   * Subscribers that are unconfirmed or in quarantine, of all pages and channels, from the same index: few, however
   * large the audience is. They come in no order, and a page may be empty; `next` is null at the end.
   */
  listUnsettled(limit: number, cursor: string | null): Promise<ListPage<Subscriber>>;
  /** Like `remove`, if nobody changed the subscriber since it was read. */
  removeUnchanged(read: Subscriber): Promise<{ outcome: "removed" } | { outcome: "unchanged" }>;
  /** Removes the subscriber, its guard and its invitations. */
  remove(pageId: string, channel: Channel, subscriberId: string): Promise<void>;
}
