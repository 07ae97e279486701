import { type Invitation, openInvitation, registeredAnew, withInvitation } from "../../functions/core/invitation.ts";
import {
  type BlockReason,
  CHANNELS,
  type Channel,
  type Subscriber,
  type WebhookSubscriber,
} from "../../functions/core/subscriber.ts";
import { cursorParts } from "../../functions/store/cursor.ts";
import {
  addressKey,
  audiencePartition,
  blockKey,
  guardKey,
  healthVersion,
  holdsPlace,
  invitationsKey,
  mayReplaceBlock,
  nextVersion,
  POSITION_FORM,
  placesKey,
  placesKeyOf,
  positionKey,
  purgeFields,
  purgePartition,
  stateFields,
  unsettledAfter,
  unsettledFrom,
} from "../../functions/store/subscribers/subscriber-items.ts";
import type { ChangeOutcome, SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { timeKey } from "../../functions/store/table.ts";

interface Audience {
  /** By position key. */
  subscribers: Map<string, Subscriber>;
  /** Position keys in order; null when it must be sorted anew. */
  order: string[] | null;
}

/** The subscribers store in memory. */
export function memorySubscriberStore(): SubscriberStore {
  const audiences = new Map<string, Audience>();
  const guards = new Map<string, string>();
  const places = new Map<string, number>();
  const blocked = new Map<string, BlockReason>();
  const invited = new Map<string, Invitation[]>();
  /** By id. */
  const purgeable = new Map<string, { purgeSk: string; subscriber: Subscriber }>();

  function audience(pageId: string, channel: Channel): Audience {
    const partition = audiencePartition(pageId, channel);
    const present = audiences.get(partition);
    if (present !== undefined) return present;
    const made: Audience = { subscribers: new Map(), order: null };
    audiences.set(partition, made);
    return made;
  }

  function remove(pageId: string, channel: Channel, subscriberId: string): void {
    const subscriber = look(pageId, channel, subscriberId);
    if (subscriber === null) return;
    const here = audience(pageId, channel);
    here.subscribers.delete(positionKey(subscriberId));
    here.order = null;
    purgeable.delete(subscriberId);
    invited.delete(invitationsKey(pageId, channel, subscriberId).pk);
    const guard = addressKey(subscriber).pk;
    if (guards.get(guard) === subscriberId) guards.delete(guard);
    if (holdsPlace(subscriber)) movePlace(subscriber, -1);
  }

  function placesOf(partition: string): number {
    return places.get(partition) ?? 0;
  }

  function movePlace(webhook: WebhookSubscriber, by: 1 | -1): void {
    const { pk } = placesKeyOf(webhook);
    places.set(pk, placesOf(pk) + by);
  }

  /** As every write of a state or a token, and every change of an unconfirmed one, does. */
  function index(subscriber: Subscriber): void {
    const { purgeSk } = purgeFields(subscriber);
    if (purgeSk === undefined) purgeable.delete(subscriber.id);
    else purgeable.set(subscriber.id, { purgeSk, subscriber });
  }

  function look(pageId: string, channel: Channel, subscriberId: string): Subscriber | null {
    return audience(pageId, channel).subscribers.get(positionKey(subscriberId)) ?? null;
  }

  function change(
    pageId: string,
    channel: Channel,
    subscriberId: string,
    allowed: (subscriber: Subscriber) => boolean,
    fields: Partial<Subscriber>,
  ): ChangeOutcome {
    const subscriber = look(pageId, channel, subscriberId);
    if (subscriber === null) return { outcome: "missing" };
    if (!allowed(subscriber)) return { outcome: "unchanged", subscriber: structuredClone(subscriber) };
    Object.assign(subscriber, structuredClone(fields));
    // As the table does: what is set to nothing is not there.
    for (const [name, value] of Object.entries(fields))
      if (value === undefined) Reflect.deleteProperty(subscriber, name);
    if (["state", "confirmTokenHash", "scopes", "secretVersion"].some((name) => name in fields)) index(subscriber);
    return { outcome: "changed", subscriber: structuredClone(subscriber) };
  }

  /** Those whose position key lies in [from, to], in order. */
  function between(pageId: string, channel: Channel, from: string, to: string): Subscriber[] {
    const { subscribers, order } = sorted(audience(pageId, channel));
    const found: Subscriber[] = [];
    for (let index = firstAtLeast(order, from); index < order.length; index += 1) {
      const key = order[index];
      const subscriber = key === undefined || key > to ? undefined : subscribers.get(key);
      if (subscriber === undefined) break;
      found.push(subscriber);
    }
    return found;
  }

  return {
    async create(subscriber) {
      const guard = addressKey(subscriber).pk;
      const holder = guards.get(guard);
      if (holder !== undefined) return { outcome: "exists", subscriberId: holder };
      const here = audience(subscriber.pageId, subscriber.channel);
      const key = positionKey(subscriber.id);
      if (here.subscribers.has(key)) return { outcome: "exists", subscriberId: subscriber.id };
      guards.set(guard, subscriber.id);
      const stored = structuredClone(subscriber);
      here.subscribers.set(key, stored);
      index(stored);
      here.order = null;
      return { outcome: "created" };
    },

    async get(pageId, channel, subscriberId) {
      return structuredClone(look(pageId, channel, subscriberId));
    },

    async find(pageId, subscriberId) {
      for (const channel of CHANNELS) {
        const subscriber = look(pageId, channel, subscriberId);
        if (subscriber !== null) return structuredClone(subscriber);
      }
      return null;
    },

    async getMany(pageId, channel, subscriberIds) {
      const found = [...new Set(subscriberIds)].map((id) => look(pageId, channel, id));
      return structuredClone(found.filter((subscriber) => subscriber !== null));
    },

    async list(pageId, channel, limit, cursor) {
      const [after = ""] = cursor === null ? [] : cursorParts(cursor, POSITION_FORM);
      const rest = between(pageId, channel, `${after}!`, "~");
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return structuredClone({ items, next: last !== undefined && rest.length > limit ? positionKey(last.id) : null });
    },

    cursorAfter: positionKey,

    async listRange(pageId, channel, range, after, limit) {
      const [start = null] = after === null ? [] : cursorParts(after, POSITION_FORM);
      const from = start === null ? `${range.from}#` : `${start}!`;
      const looked = between(pageId, channel, from, `${range.to}#~`).slice(0, limit);
      const last = looked.at(-1);
      return structuredClone({
        items: looked.filter(({ state }) => state === "active"),
        // As DynamoDB does: a full page is never known to be the last one.
        next: last !== undefined && looked.length === limit ? positionKey(last.id) : null,
      });
    },

    async estimate(pageId, channel) {
      return audience(pageId, channel).subscribers.size;
    },

    async confirm(pageId, channel, subscriberId, tokenHash, now) {
      return change(
        pageId,
        channel,
        subscriberId,
        (subscriber) => subscriber.state === "unconfirmed" && subscriber.confirmTokenHash === tokenHash,
        { state: "active", confirmedAt: now, updatedAt: now },
      );
    },

    async confirmEndpoint(pageId, subscriberId, tokenHash, most, now) {
      const read = look(pageId, "webhook", subscriberId);
      if (read?.channel !== "webhook") return { outcome: "missing" };
      const isInvited = read.state === "unconfirmed" && read.confirmTokenHash === tokenHash;
      if (!isInvited) {
        const { pk } = invitationsKey(pageId, "webhook", subscriberId);
        const invitation = openInvitation(read, invited.get(pk) ?? [], tokenHash, now);
        const next = invitation === null ? null : registeredAnew(read, invitation, now);
        if (next === null) return { outcome: "unchanged", subscriber: structuredClone(read) };
        if (placesOf(placesKeyOf(read).pk) >= most) return { outcome: "full" };
        movePlace(read, 1);
        invited.delete(pk);
        const updatedAt = Math.max(now, read.updatedAt + 1);
        const stored: WebhookSubscriber = structuredClone({ ...next, holdsPlace: true, updatedAt });
        audience(pageId, "webhook").subscribers.set(positionKey(subscriberId), stored);
        index(stored);
        return { outcome: "changed", subscriber: structuredClone(stored) };
      }
      if (isInvited && placesOf(placesKeyOf(read).pk) >= most) return { outcome: "full" };
      if (isInvited) {
        movePlace(read, 1);
        read.holdsPlace = true;
      }
      const fields = { state: "active", confirmedAt: now, updatedAt: now } as const;
      return change(pageId, "webhook", subscriberId, () => isInvited, fields);
    },

    async countPlaces(pageId, host) {
      return placesOf(placesKey(pageId, host).pk);
    },

    async changeState(pageId, channel, subscriberId, { from, to }, now) {
      const read = look(pageId, channel, subscriberId);
      if (read !== null && from.includes(read.state) && to !== "active" && holdsPlace(read)) {
        movePlace(read, -1);
        delete read.holdsPlace;
      }
      return change(pageId, channel, subscriberId, ({ state }) => from.includes(state), stateFields(to, now));
    },

    async saveScopes(pageId, channel, subscriberId, scopes, now) {
      return change(pageId, channel, subscriberId, () => true, { scopes, updatedAt: now });
    },

    async saveConfirmToken(pageId, channel, subscriberId, tokenHash, now) {
      return change(pageId, channel, subscriberId, ({ state }) => state === "unconfirmed", {
        confirmTokenHash: tokenHash,
        updatedAt: now,
      });
    },

    async rotateSecret(pageId, subscriberId, from, rotation) {
      const isFrom = (webhook: Subscriber) => webhook.channel === "webhook" && webhook.secretVersion === from;
      const fields = { secretVersion: from + 1, rotation, updatedAt: rotation.at };
      return change(pageId, "webhook", subscriberId, isFrom, fields);
    },

    async findByAddress(pageId, channel, address) {
      const holder = guards.get(guardKey(pageId, channel, address).pk);
      return holder === undefined ? null : structuredClone(look(pageId, channel, holder));
    },

    async replace(read, next) {
      const present = look(read.pageId, read.channel, read.id);
      if (present === null) return { outcome: "missing" };
      const isAsRead = present.updatedAt === read.updatedAt && present.state === read.state;
      if (!isAsRead || healthVersion(present) !== healthVersion(read)) {
        return { outcome: "unchanged", subscriber: structuredClone(present) };
      }
      const stored = structuredClone(nextVersion(present, next));
      if (holdsPlace(present) && !holdsPlace(stored)) movePlace(present, -1);
      audience(read.pageId, read.channel).subscribers.set(positionKey(read.id), stored);
      index(stored);
      return { outcome: "changed", subscriber: structuredClone(stored) };
    },

    async saveHealth(pageId, subscriberId, read, health) {
      const present = look(pageId, "webhook", subscriberId);
      if (present?.channel !== "webhook") return { outcome: "lost" };
      if (present.health?.version !== read?.version) return { outcome: "lost" };
      if (health === null) delete present.health;
      else present.health = structuredClone(health);
      return { outcome: "saved" };
    },

    async invite(pageId, channel, subscriberId, invitation, now) {
      const { pk } = invitationsKey(pageId, channel, subscriberId);
      invited.set(pk, structuredClone(withInvitation(invited.get(pk) ?? [], invitation, now)));
      change(pageId, channel, subscriberId, ({ state }) => state === "unconfirmed", {
        state: "unconfirmed",
        updatedAt: now,
      });
    },

    async invitationsOf(pageId, channel, subscriberId) {
      return structuredClone(invited.get(invitationsKey(pageId, channel, subscriberId).pk) ?? []);
    },

    async forgetInvitations(pageId, channel, subscriberId) {
      invited.delete(invitationsKey(pageId, channel, subscriberId).pk);
    },

    async block(pageId, channel, mac, reason) {
      const key = blockKey(pageId, channel, mac).pk;
      const before = blocked.get(key) ?? null;
      if (before === null || mayReplaceBlock(reason)) blocked.set(key, reason);
      return before;
    },

    async blockOf(pageId, channel, mac) {
      return blocked.get(blockKey(pageId, channel, mac).pk) ?? null;
    },

    async unblock(pageId, channel, mac, reason) {
      const key = blockKey(pageId, channel, mac).pk;
      if (blocked.get(key) === reason) blocked.delete(key);
    },

    async listPurgeable(now, limit) {
      const due = [...purgeable.values()].filter(({ purgeSk }) => purgeSk < timeKey(now + 1));
      const first = due.sort((a, b) => (a.purgeSk < b.purgeSk ? -1 : 1)).slice(0, limit);
      return structuredClone(first.map(({ subscriber }) => subscriber));
    },

    async listUnsettled(limit, cursor) {
      const { shard, after } = unsettledFrom(cursor);
      const rest = [...purgeable.values()]
        .filter(({ subscriber }) => purgeFields(subscriber).purgePk === purgePartition(shard))
        .filter(({ purgeSk }) => after === null || purgeSk > after)
        .sort((a, b) => (a.purgeSk < b.purgeSk ? -1 : 1));
      const page = rest.slice(0, limit);
      const last = rest.length > limit ? (page.at(-1)?.purgeSk ?? null) : null;
      return { items: structuredClone(page.map(({ subscriber }) => subscriber)), next: unsettledAfter(shard, last) };
    },

    async removeUnchanged(read) {
      const present = look(read.pageId, read.channel, read.id);
      if (present?.updatedAt !== read.updatedAt || present.state !== read.state) return { outcome: "unchanged" };
      remove(read.pageId, read.channel, read.id);
      return { outcome: "removed" };
    },

    async remove(pageId, channel, subscriberId) {
      remove(pageId, channel, subscriberId);
    },
  };
}

function sorted(audience: Audience): { subscribers: Map<string, Subscriber>; order: string[] } {
  audience.order ??= [...audience.subscribers.keys()].sort();
  return { subscribers: audience.subscribers, order: audience.order };
}

/** Index of the first key that is not less than `from`: the keys are in order, so by halving. */
function firstAtLeast(order: readonly string[], from: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = order[middle];
    if (key !== undefined && key < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
