import { hashPosition } from "../../functions/core/ids.ts";
import { type Invitation, openInvitation, registeredAnew, withInvitation } from "../../functions/core/invitation.ts";
import {
  addressOf,
  type BlockReason,
  CHANNELS,
  type Channel,
  purgeAtOf,
  type Subscriber,
  type WebhookSubscriber,
} from "../../functions/core/subscriber.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { ChangeOutcome, SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { byPlace, cursorOf, keyOf, type Place, placeIn } from "./memory-lists.ts";

interface Audience {
  /** By position key. */
  subscribers: Map<string, Subscriber>;
  /** Position keys in order; null when they must be sorted again. */
  order: string[] | null;
}

/**
 * The subscribers store in memory. It shares no code with the adapter. From core it takes what the words mean: what an
 * invitation makes of a subscriber, what an address is, when somebody is removed, and the position of an id, from which
 * chunks are made.
 */
export function memorySubscriberStore(): SubscriberStore {
  const audiences = new Map<string, Audience>();
  const guards = new Map<string, string>();
  const places = new Map<string, number>();
  const blocked = new Map<string, BlockReason>();
  const invited = new Map<string, Invitation[]>();
  /** By id, each with the time of its removal. */
  const purgeable = new Map<string, Purgeable>();

  function audience(pageId: string, channel: Channel): Audience {
    const partition = keyOf(pageId, channel);
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
    invited.delete(keyOf(pageId, channel, subscriberId));
    const guard = guardOf(subscriber);
    if (guards.get(guard) === subscriberId) guards.delete(guard);
    if (holdsPlace(subscriber)) movePlace(subscriber, -1);
  }

  function placesOf(host: string): number {
    return places.get(host) ?? 0;
  }

  function movePlace(webhook: WebhookSubscriber, by: 1 | -1): void {
    const host = hostOf(webhook);
    places.set(host, placesOf(host) + by);
  }

  /** Does what every write of a state or a token does, and every change of an unconfirmed one. */
  function index(subscriber: Subscriber): void {
    const at = purgeAtOf(subscriber);
    if (at === null) purgeable.delete(subscriber.id);
    else purgeable.set(subscriber.id, { at, subscriber });
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
    // As in the table, a field that is set to nothing is not there.
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
      const guard = guardOf(subscriber);
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
      const [after = ""] = cursor === null ? [] : [positionIn(cursor)];
      const rest = between(pageId, channel, `${after}!`, "~");
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return structuredClone({ items, next: last !== undefined && rest.length > limit ? positionKey(last.id) : null });
    },

    async listRange(pageId, channel, range, after, limit) {
      const [start = null] = after === null ? [] : [positionIn(after)];
      const from = start === null ? `${range.from}#` : `${start}!`;
      const looked = between(pageId, channel, from, `${range.to}#~`).slice(0, limit);
      const last = looked.at(-1);
      return structuredClone({
        items: looked.filter(({ state }) => state === "active"),
        // As in DynamoDB, a full page is never known to be the last one.
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
        const pk = keyOf(pageId, "webhook", subscriberId);
        const invitation = openInvitation(read, invited.get(pk) ?? [], tokenHash, now);
        const next = invitation === null ? null : registeredAnew(read, invitation, now);
        if (next === null) return { outcome: "unchanged", subscriber: structuredClone(read) };
        if (placesOf(hostOf(read)) >= most) return { outcome: "full" };
        movePlace(read, 1);
        invited.delete(pk);
        const updatedAt = Math.max(now, read.updatedAt + 1);
        const stored: WebhookSubscriber = structuredClone({ ...next, holdsPlace: true, updatedAt });
        audience(pageId, "webhook").subscribers.set(positionKey(subscriberId), stored);
        index(stored);
        return { outcome: "changed", subscriber: structuredClone(stored) };
      }
      if (isInvited && placesOf(hostOf(read)) >= most) return { outcome: "full" };
      if (isInvited) {
        movePlace(read, 1);
        read.holdsPlace = true;
      }
      const fields = { state: "active", confirmedAt: now, updatedAt: now } as const;
      return change(pageId, "webhook", subscriberId, () => isInvited, fields);
    },

    async countPlaces(pageId, host) {
      return placesOf(keyOf(pageId, host));
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
      const holder = guards.get(keyOf(pageId, channel, address));
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
      const pk = keyOf(pageId, channel, subscriberId);
      invited.set(pk, structuredClone(withInvitation(invited.get(pk) ?? [], invitation, now)));
      change(pageId, channel, subscriberId, ({ state }) => state === "unconfirmed", {
        state: "unconfirmed",
        updatedAt: now,
      });
    },

    async invitationsOf(pageId, channel, subscriberId) {
      return structuredClone(invited.get(keyOf(pageId, channel, subscriberId)) ?? []);
    },

    async forgetInvitations(pageId, channel, subscriberId) {
      invited.delete(keyOf(pageId, channel, subscriberId));
    },

    async block(pageId, channel, mac, reason) {
      const key = keyOf(pageId, channel, mac);
      const before = blocked.get(key) ?? null;
      // A bounce replaces nothing that the holder said.
      if (before === null || reason !== "bounce") blocked.set(key, reason);
      return before;
    },

    async blockOf(pageId, channel, mac) {
      return blocked.get(keyOf(pageId, channel, mac)) ?? null;
    },

    async unblock(pageId, channel, mac, reason) {
      const key = keyOf(pageId, channel, mac);
      if (blocked.get(key) === reason) blocked.delete(key);
    },

    async listPurgeable(now, limit) {
      const due = [...purgeable.values()].filter(({ at }) => at <= now).sort(bySoonest);
      return structuredClone(due.slice(0, limit).map(({ subscriber }) => subscriber));
    },

    async listUnsettled(limit, cursor) {
      const [part, ...after] = cursor === null ? [0] : placeIn("unsettled", cursor);
      const rest = [...purgeable.values()]
        .filter(({ subscriber }) => partOf(subscriber) === part)
        .filter((each) => after.length === 0 || byPlace({ place: purgePlace(each) }, { place: after }) > 0)
        .sort(bySoonest);
      const page = rest.slice(0, limit);
      const last = rest.length > limit ? page.at(-1) : undefined;
      return {
        items: structuredClone(page.map(({ subscriber }) => subscriber)),
        next: afterPart(Number(part), last === undefined ? null : purgePlace(last)),
      };
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

/** Index of the first key that is not less than `from`: the keys are in order, so it halves the range. */
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

/** A window's cursor is made of it too. */
function positionKey(subscriberId: string): string {
  return `${hashPosition(subscriberId)}#${subscriberId}`;
}

function positionIn(cursor: string): string {
  const [position = "", id = "", ...more] = cursor.split("#");
  if (position.length !== 8 || id.length !== 12 || more.length > 0)
    throw new InvalidCursorError("not a cursor of this list");
  return cursor;
}

function guardOf(subscriber: Subscriber): string {
  return keyOf(subscriber.pageId, subscriber.channel, addressOf(subscriber));
}

/** The port does not matter. */
function hostOf({ pageId, endpoint }: WebhookSubscriber): string {
  return keyOf(pageId, new URL(endpoint).hostname);
}

function holdsPlace(subscriber: Subscriber): subscriber is WebhookSubscriber {
  return subscriber.channel === "webhook" && subscriber.holdsPlace === true;
}

function healthVersion(subscriber: Subscriber): number | undefined {
  return subscriber.channel === "webhook" ? subscriber.health?.version : undefined;
}

/**
 * The time of a change only ever grows. A caller neither gives a place nor takes one from an endpoint that stays
 * active.
 */
function nextVersion(read: Subscriber, given: Subscriber): Subscriber {
  const next = { ...given, updatedAt: Math.max(given.updatedAt, read.updatedAt + 1) };
  if (next.channel !== "webhook") return next;
  delete next.holdsPlace;
  return holdsPlace(read) && next.state === "active" ? { ...next, holdsPlace: true } : next;
}

/** What was found out about an address; it is forgotten when the address is tried again. */
const NOTHING_FOUND = { quarantineReason: undefined, transientBounces: undefined, health: undefined };

function stateFields(state: Subscriber["state"], now: number): Partial<Subscriber> {
  const tried = { state, quarantinedAt: null, unsubscribedAt: null, updatedAt: now, ...NOTHING_FOUND };
  switch (state) {
    case "active":
      return { ...tried, confirmedAt: now };
    case "unconfirmed":
      return { ...tried, confirmedAt: null, confirmTokenHash: null };
    case "quarantined":
      return { state, quarantinedAt: now, updatedAt: now };
    case "unsubscribed":
      return { state, unsubscribedAt: now, updatedAt: now };
  }
}

interface Purgeable {
  at: number;
  subscriber: Subscriber;
}

function purgePlace({ at, subscriber }: Purgeable): Place {
  return [at, subscriber.id];
}

function bySoonest(a: Purgeable, b: Purgeable): number {
  return byPlace({ place: purgePlace(a) }, { place: purgePlace(b) });
}

/** Unsettled subscribers are listed in parts, some of which may be empty. */
const PARTS = 3;

function partOf({ id }: Subscriber): number {
  return Number.parseInt(hashPosition(id), 16) % PARTS;
}

function afterPart(part: number, last: Place | null): string | null {
  if (last !== null) return cursorOf("unsettled", [part, ...last]);
  return part + 1 < PARTS ? cursorOf("unsettled", [part + 1]) : null;
}
