import {
  type DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { CHANNELS, type Channel, type Subscriber, subscriberSchema } from "../../core/subscriber.ts";
import { attemptThroughConflicts, lastingConflict } from "../repeat.ts";
import { batchGet, fromItem, getItem, isConflict, type Key, toItem, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import { dynamoAudience } from "./dynamo-audience.ts";
import { dynamoBlocks } from "./dynamo-blocks.ts";
import { dynamoInvitations } from "./dynamo-invitations.ts";
import { dynamoPlaces, placeGivenBack, updateOf } from "./dynamo-places.ts";
import { dynamoPurge, removalOf } from "./dynamo-purge.ts";
import {
  addressGuardSchema,
  addressKey,
  guardKey,
  healthVersion,
  holdsPlace,
  nextVersion,
  purgeFields,
  stateFields,
  subscriberKey,
} from "./subscriber-items.ts";
import type { ChangeOutcome, SubscriberStore } from "./subscriber-store.ts";

const subscribersSchema = z.array(subscriberSchema);

/** Takes a subscriber out of the index of those to be removed. */
const STAYS = { purgePk: undefined, purgeSk: undefined };

/** How many times in a row a state may change between two writes. */
const STATE_ATTEMPTS = 3;

export function dynamoSubscriberStore({ client, table }: { client: DynamoDBClient; table: string }): SubscriberStore {
  async function get(pageId: string, channel: Channel, subscriberId: string): Promise<Subscriber | null> {
    const item = await getItem(client, table, subscriberKey(pageId, channel, subscriberId));
    return item === null ? null : subscriberSchema.parse(item);
  }

  /** Sets the fields (undefined: removes) if the subscriber exists and the condition holds. */
  async function change(
    key: Key,
    fields: Record<string, unknown>,
    condition: string,
    values: Record<string, unknown>,
  ): Promise<ChangeOutcome> {
    const update = new UpdateItemCommand({
      ...updateOf(table, { key, fields, condition, values }),
      ReturnValues: "ALL_NEW",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    const attempted = await attemptThroughConflicts(() => client.send(update));
    if (attempted.refusal === null) {
      return { outcome: "changed", subscriber: subscriberSchema.parse(fromItem(attempted.result.Attributes ?? {})) };
    }
    if (isConflict(attempted.refusal)) throw lastingConflict("changing a subscriber");
    const [old] = attempted.refusal.old;
    if (old === undefined) return { outcome: "missing" };
    return { outcome: "unchanged", subscriber: subscriberSchema.parse(fromItem(old)) };
  }

  /**
   * A change in any state; it gives an unconfirmed subscriber 90 new days. Most are not unconfirmed: for them it is one
   * write.
   */
  async function changeAndKeepLonger(
    key: Key,
    fields: { updatedAt: number } & Record<string, unknown>,
    condition = "",
    values: Record<string, unknown> = {},
  ): Promise<ChangeOutcome> {
    const { updatedAt } = fields;
    const all = { ...values, ":unconfirmed": "unconfirmed" };
    for (let attempt = 1; attempt <= STATE_ATTEMPTS; attempt += 1) {
      const most = await change(key, fields, `#state <> :unconfirmed${condition}`, all);
      if (most.outcome !== "unchanged" || most.subscriber.state !== "unconfirmed") return most;
      const removal = purgeFields({ ...most.subscriber, updatedAt });
      const other = await change(key, { ...fields, ...removal }, `#state = :unconfirmed${condition}`, all);
      if (other.outcome !== "unchanged" || other.subscriber.state === "unconfirmed") return other;
    }
    throw new Error(`the state of subscriber ${key.sk} kept changing`);
  }

  const invitations = dynamoInvitations(client, table, async (pageId, channel, id, now) => {
    const read = await get(pageId, channel, id);
    if (read?.state !== "unconfirmed") return;
    const fields = { updatedAt: now, ...purgeFields({ ...read, updatedAt: now }) };
    const values = { ":unconfirmed": "unconfirmed" };
    await change(subscriberKey(pageId, channel, id), fields, "#state = :unconfirmed", values);
  });
  const places = dynamoPlaces(client, table, { get, ...invitations });

  return {
    async create(subscriber) {
      const key = subscriberKey(subscriber.pageId, subscriber.channel, subscriber.id);
      const puts: Record<string, unknown>[] = [
        { ...addressKey(subscriber), subscriberId: subscriber.id },
        { ...key, ...subscriber, ...purgeFields(subscriber) },
      ];
      const transaction = new TransactWriteItemsCommand({
        TransactItems: puts.map((item) => ({
          Put: {
            TableName: table,
            Item: toItem(item),
            ConditionExpression: "attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        })),
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(transaction));
      if (refusal === null) return { outcome: "created" };
      if (isConflict(refusal)) throw lastingConflict("creating a subscriber");
      const [guard] = refusal.old;
      if (refusal.reasons[0] !== "condition" || guard === undefined) {
        return { outcome: "exists", subscriberId: subscriber.id };
      }
      return { outcome: "exists", subscriberId: addressGuardSchema.parse(fromItem(guard)).subscriberId };
    },

    get,

    async find(pageId, subscriberId) {
      const keys = CHANNELS.map((channel) => subscriberKey(pageId, channel, subscriberId));
      const [found] = subscribersSchema.parse(await batchGet(client, table, keys));
      return found ?? null;
    },

    async getMany(pageId, channel, subscriberIds) {
      const keys = [...new Set(subscriberIds)].map((id) => subscriberKey(pageId, channel, id));
      return subscribersSchema.parse(await batchGet(client, table, keys));
    },

    confirm(pageId, channel, subscriberId, tokenHash, now) {
      // The hash stays: it distinguishes a second press of the button from a stranger's guess. The state makes the
      // token single use.
      const fields = { state: "active", confirmedAt: now, updatedAt: now, ...STAYS };
      return change(
        subscriberKey(pageId, channel, subscriberId),
        fields,
        "#state = :unconfirmed AND confirmTokenHash = :tokenHash",
        { ":unconfirmed": "unconfirmed", ":tokenHash": tokenHash },
      );
    },

    async changeState(pageId, channel, subscriberId, { from, to }, now) {
      const key = subscriberKey(pageId, channel, subscriberId);
      if (from.length === 0) {
        const subscriber = await get(pageId, channel, subscriberId);
        return subscriber === null ? { outcome: "missing" } : { outcome: "unchanged", subscriber };
      }
      const states = from.map((state, index): [string, string] => [`:from${index}`, state]);
      const subject = { id: subscriberId, channel, state: to, confirmedAt: null, quarantinedAt: now, updatedAt: now };
      const fields = { ...stateFields(to, now), ...purgeFields(subject) };
      const condition = `#state IN (${states.map(([name]) => name).join(", ")})`;
      const values = Object.fromEntries(states);
      if (channel !== "webhook" || to === "active") return change(key, fields, condition, values);
      for (let attempt = 1; attempt <= STATE_ATTEMPTS; attempt += 1) {
        const most = await change(key, fields, `${condition} AND attribute_not_exists(holdsPlace)`, values);
        if (most.outcome !== "unchanged" || !from.includes(most.subscriber.state)) return most;
        const left = await places.changeAndGiveBack(most.subscriber, { key, fields, condition, values });
        if (left !== null) return left;
      }
      throw new Error(`the state of endpoint ${subscriberId} kept changing`);
    },

    saveScopes(pageId, channel, subscriberId, scopes, now) {
      return changeAndKeepLonger(subscriberKey(pageId, channel, subscriberId), { scopes, updatedAt: now });
    },

    saveConfirmToken(pageId, channel, subscriberId, tokenHash, now) {
      return change(
        subscriberKey(pageId, channel, subscriberId),
        {
          confirmTokenHash: tokenHash,
          updatedAt: now,
          ...purgeFields({
            id: subscriberId,
            channel,
            state: "unconfirmed",
            confirmedAt: null,
            quarantinedAt: null,
            updatedAt: now,
          }),
        },
        "#state = :unconfirmed",
        { ":unconfirmed": "unconfirmed" },
      );
    },

    rotateSecret(pageId, subscriberId, from, rotation) {
      const fields = { secretVersion: from + 1, rotation, updatedAt: rotation.at };
      const values = { ":fromVersion": from };
      const key = subscriberKey(pageId, "webhook", subscriberId);
      return changeAndKeepLonger(key, fields, " AND secretVersion = :fromVersion", values);
    },

    async findByAddress(pageId, channel, address) {
      const guard = await getItem(client, table, guardKey(pageId, channel, address));
      return guard === null ? null : get(pageId, channel, addressGuardSchema.parse(guard).subscriberId);
    },

    async replace(read, next) {
      const { pageId, channel, id } = read;
      const stored = nextVersion(read, next);
      // Other calls write health, under a version of its own: an old one must not come back.
      const health = healthVersion(read);
      const sameHealth = health === undefined ? "attribute_not_exists(#health)" : "#health.#version = :health";
      const put = {
        TableName: table,
        Item: toItem({ ...subscriberKey(pageId, channel, id), ...stored, ...purgeFields(stored) }),
        ConditionExpression: `updatedAt = :read AND #state = :state AND ${sameHealth}`,
        ExpressionAttributeNames: {
          "#state": "state",
          "#health": "health",
          ...(health === undefined ? {} : { "#version": "version" }),
        },
        ExpressionAttributeValues: toItem({ ":read": read.updatedAt, ":state": read.state, ":health": health }),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
      };
      const givesBack = holdsPlace(read) && !holdsPlace(stored) ? placeGivenBack(table, read) : null;
      const { refusal } = await attemptThroughConflicts<unknown>(() =>
        givesBack === null
          ? client.send(new PutItemCommand(put))
          : client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: put }, givesBack] })),
      );
      if (refusal === null) return { outcome: "changed", subscriber: stored };
      if (isConflict(refusal)) throw lastingConflict("replacing a subscriber");
      const [old] = refusal.old;
      return old === undefined
        ? { outcome: "missing" }
        : { outcome: "unchanged", subscriber: subscriberSchema.parse(fromItem(old)) };
    },

    async saveHealth(pageId, subscriberId, read, health) {
      const save = new UpdateItemCommand({
        TableName: table,
        Key: toKey(subscriberKey(pageId, "webhook", subscriberId)),
        ConditionExpression:
          read === null
            ? "attribute_exists(pk) AND attribute_not_exists(#health)"
            : "attribute_exists(pk) AND #health.#version = :read_version",
        ...updateParts(health === null ? { remove: ["health"] } : { set: { health } }, {
          attributes: ["health", ...(read === null ? [] : ["version"])],
          values: read === null ? {} : { ":read_version": read.version },
        }),
      });
      const { refusal } = await attemptThroughConflicts(() => client.send(save));
      if (refusal !== null && isConflict(refusal)) throw lastingConflict("saving an endpoint's health");
      return { outcome: refusal === null ? "saved" : "lost" };
    },

    confirmEndpoint: places.confirmEndpoint,

    countPlaces: places.countPlaces,

    ...dynamoAudience(client, table),

    ...dynamoBlocks(client, table),

    ...invitations,

    ...dynamoPurge(client, table),

    async remove(pageId, channel, subscriberId) {
      for (let attempt = 1; attempt <= STATE_ATTEMPTS; attempt += 1) {
        const subscriber = await get(pageId, channel, subscriberId);
        // It was removed meanwhile, and another subscriber may have its address: nothing of this one is left.
        if (subscriber === null) return;
        // A place may have been taken or given back since the read; the count must follow what is there.
        const condition = holdsPlace(subscriber) ? "attribute_exists(holdsPlace)" : "attribute_not_exists(holdsPlace)";
        const items = removalOf(table, subscriber, { ConditionExpression: condition });
        const { refusal } = await attemptThroughConflicts(() =>
          client.send(new TransactWriteItemsCommand({ TransactItems: items })),
        );
        if (refusal === null) return;
        if (isConflict(refusal)) throw lastingConflict("removing a subscriber");
      }
      throw new Error("a subscriber to remove kept changing, or its address is guarded for another one");
    },
  };
}
