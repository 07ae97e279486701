import * as z from "zod/mini";
import { partitionOf } from "../../core/chunk.ts";
import { hashPosition, idSchema, sha256Hex } from "../../core/ids.ts";
import { endOf, type Invitation, invitationSchema } from "../../core/invitation.ts";
import {
  addressOf,
  type BlockReason,
  blockReasonSchema,
  type Channel,
  type PurgeSubject,
  purgeAtOf,
  type Subscriber,
  type WebhookSubscriber,
} from "../../core/subscriber.ts";
import { cursorParts } from "../cursor.ts";
import { type Key, timeKey } from "../table.ts";

/** The beginning of the keys of a page's channel. */
function channelPrefix(pageId: string, channel: Channel): string {
  return `PAGE#${pageId}#${channel}`;
}

/** One of the audience's partitions: see `partitionOf`. */
export function audiencePartition(pageId: string, channel: Channel, partition: number): string {
  return `${channelPrefix(pageId, channel)}#${partition}`;
}

/** Where a subscriber stands among those of its page and channel. List cursors are made of it too. */
export function positionKey(subscriberId: string): string {
  return `${hashPosition(subscriberId)}#${subscriberId}`;
}

export const POSITION_FORM = /^([0-9a-f]{8}#[a-z0-9]{12})$/;

export function subscriberKey(pageId: string, channel: Channel, subscriberId: string): Key {
  const sk = positionKey(subscriberId);
  return { pk: audiencePartition(pageId, channel, partitionOf(sk)), sk };
}

/** The guard: one per address, so that there is one subscriber per address. */
export function guardKey(pageId: string, channel: Channel, address: string): Key {
  return { pk: `${channelPrefix(pageId, channel)}#ADDRESS#${sha256Hex(address)}`, sk: "ADDRESS" };
}

export function addressKey(subscriber: Subscriber): Key {
  return guardKey(subscriber.pageId, subscriber.channel, addressOf(subscriber));
}

/** How many of a host's endpoints hold a place. */
export function placesKey(pageId: string, host: string): Key {
  return { pk: `${channelPrefix(pageId, "webhook")}#HOST#${sha256Hex(host)}`, sk: "PLACES" };
}

export const placesSchema = z.object({ places: z.number() });

/** The port does not matter: an endpoint counts at its host. */
export function placesKeyOf({ pageId, endpoint }: Pick<WebhookSubscriber, "pageId" | "endpoint">): Key {
  return placesKey(pageId, new URL(endpoint).hostname);
}

export function holdsPlace(subscriber: Subscriber): subscriber is WebhookSubscriber {
  return subscriber.channel === "webhook" && subscriber.holdsPlace === true;
}

/** What people asked for in the name of a subscriber's address, all in one item. */
export function invitationsKey(pageId: string, channel: Channel, subscriberId: string): Key {
  return { pk: `${channelPrefix(pageId, channel)}#INVITED#${subscriberId}`, sk: "INVITATIONS" };
}

export const invitationsItemSchema = z.object({ version: z.number(), invitations: z.array(invitationSchema) });

/** When DynamoDB may delete them: once the links of the newest are over. */
export function invitationsExpireAt(invitations: readonly Invitation[]): number {
  return Math.ceil(invitations.reduce((last, invitation) => Math.max(last, endOf(invitation)), 0) / 1_000);
}

export function blockKey(pageId: string, channel: Channel, mac: string): Key {
  return { pk: `${channelPrefix(pageId, channel)}#BLOCKED#${mac}`, sk: "BLOCKED" };
}

export const blockItemSchema = z.object({ reason: blockReasonSchema });

/**
 * What the holder of an address said outlasts everything. That mail bounced once does not, so a bounce replaces no
 * other reason.
 */
export function mayReplaceBlock(reason: BlockReason): boolean {
  return reason !== "bounce";
}

export function healthVersion(subscriber: Subscriber): number | undefined {
  return subscriber.channel === "webhook" ? subscriber.health?.version : undefined;
}

/**
 * The subscriber to store in place of `read`. The time of its change is its version, so it must grow. An endpoint that
 * has a place and stays active keeps it, whatever the caller says about it.
 */
export function nextVersion(read: Subscriber, next: Subscriber): Subscriber {
  const updatedAt = Math.max(next.updatedAt, read.updatedAt + 1);
  if (next.channel !== "webhook") return { ...next, updatedAt };
  const { holdsPlace: _given, ...rest } = next;
  const keeps = holdsPlace(read) && next.state === "active";
  return { ...rest, ...(keeps ? { holdsPlace: true } : {}), updatedAt };
}

const PURGE_SHARDS = 8;

export function purgePartition(shard: number): string {
  return `PURGE#${shard}`;
}

export const PURGE_PARTITIONS = Array.from({ length: PURGE_SHARDS }, (_, shard) => purgePartition(shard));

/** Where a list of the index stands: a shard, and the last subscriber listed from it. */
const UNSETTLED_FORM = /^([0-7])(?:\.(\d{13})\.([a-z0-9]{12}))?$/;

/** `after`: the sort key to go on after. Throws InvalidCursorError. */
export function unsettledFrom(cursor: string | null): { shard: number; after: string | null } {
  const [shard = "0", time, id] = cursor === null ? [] : cursorParts(cursor, UNSETTLED_FORM);
  return { shard: Number(shard), after: time === undefined || id === undefined ? null : `${time}#${id}` };
}

/** Null: there are no more shards. `last`: the last one listed from this shard, null at its end. */
export function unsettledAfter(shard: number, last: string | null): string | null {
  if (last !== null) return `${shard}.${last.replace("#", ".")}`;
  return shard + 1 < PURGE_SHARDS ? String(shard + 1) : null;
}

/**
 * Where a subscriber stands in the sparse index of those to be removed, by the time of removal. Undefined takes the
 * attributes away: the subscriber stays. Every write of a state, and every change of an unconfirmed one, sets these.
 */
export function purgeFields(subscriber: PurgeSubject & { id: string }): {
  purgePk: string | undefined;
  purgeSk: string | undefined;
} {
  const at = purgeAtOf(subscriber);
  if (at === null) return { purgePk: undefined, purgeSk: undefined };
  const shard = Number.parseInt(hashPosition(subscriber.id), 16) % PURGE_SHARDS;
  return { purgePk: purgePartition(shard), purgeSk: `${timeKey(at)}#${subscriber.id}` };
}

/** Whether a subscriber found through the index still belongs to it. */
export function isUnsettled({ state }: Subscriber): boolean {
  return state === "unconfirmed" || state === "quarantined";
}

/** Reads an item back: what it says itself is newer than what the index says. */
export const purgeItemSchema = z.object({ purgeSk: z.optional(z.string()) });

export const addressGuardSchema = z.object({ subscriberId: idSchema });

/** What was found out about an address; it is forgotten when the address is tried again. */
const NOTHING_FOUND = { quarantineReason: undefined, transientBounces: undefined, health: undefined };

/**
 * The times that go with a state; undefined removes. A confirmation token is worth nothing any more once a new
 * confirmation is wanted.
 */
export function stateFields(to: Subscriber["state"], now: number): Partial<Subscriber> {
  switch (to) {
    case "active":
      return {
        state: to,
        confirmedAt: now,
        quarantinedAt: null,
        unsubscribedAt: null,
        updatedAt: now,
        ...NOTHING_FOUND,
      };
    case "unconfirmed":
      return {
        state: to,
        confirmedAt: null,
        quarantinedAt: null,
        unsubscribedAt: null,
        confirmTokenHash: null,
        updatedAt: now,
        ...NOTHING_FOUND,
      };
    case "quarantined":
      return { state: to, quarantinedAt: now, updatedAt: now };
    case "unsubscribed":
      return { state: to, unsubscribedAt: now, updatedAt: now };
  }
}
