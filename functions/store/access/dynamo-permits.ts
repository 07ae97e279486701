import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { NO_PERMITS, PERMIT_DAY_MS } from "../../core/permit.ts";
import { attempt, fromItem, getItem, putOver, toItem, toKey } from "../table.ts";
import { permitsExpireAt, permitsItemSchema, permitsKey, SHARE_KEY, shareItemSchema } from "./access-items.ts";
import type { AccessStore } from "./access-store.ts";

type PermitCalls = Pick<AccessStore, "getPermits" | "savePermits" | "takeShare" | "giveBackShare">;

/** A try fails only when somebody else's succeeds. */
const SHARE_ATTEMPTS = 10;

/** The part of the access store that knows whom we wrote to because a stranger asked. */
export function dynamoPermits({ client, table }: { client: DynamoDBClient; table: string }): PermitCalls {
  /** `appends`: the clock is ahead of `now`; otherwise it starts again from `now`. */
  async function move(appends: boolean, spacingMs: number, now: number) {
    return attempt(() =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toKey(SHARE_KEY),
          UpdateExpression: appends ? "SET tat = tat + :d" : "SET tat = :next",
          ConditionExpression: appends ? "tat BETWEEN :now AND :latest" : "attribute_not_exists(tat) OR tat < :now",
          ExpressionAttributeValues: toItem({
            ":now": now,
            ...(appends
              ? { ":d": spacingMs, ":latest": now + PERMIT_DAY_MS - spacingMs }
              : { ":next": now + spacingMs }),
          }),
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      ),
    );
  }

  return {
    async getPermits(mac) {
      const item = await getItem(client, table, permitsKey(mac));
      return item === null ? { ...NO_PERMITS, version: 0 } : permitsItemSchema.parse(item);
    },

    async savePermits(mac, { version }, next, now) {
      const item = { ...permitsKey(mac), ...next, version: version + 1, expiresAt: permitsExpireAt(next, now) };
      const { refusal } = await attempt(() => client.send(putOver(table, item, version)));
      return { outcome: refusal === null ? "saved" : "lost" };
    },

    async takeShare(spacingMs, now) {
      if (spacingMs > PERMIT_DAY_MS) return { outcome: "over" };
      let appends = true;
      for (let tries = 1; tries <= SHARE_ATTEMPTS; tries += 1) {
        const { refusal } = await move(appends, spacingMs, now);
        if (refusal === null) return { outcome: "taken" };
        const [old] = refusal.old;
        const tat = old === undefined ? null : shareItemSchema.parse(fromItem(old)).tat;
        if (tat !== null && tat > now + PERMIT_DAY_MS - spacingMs) return { outcome: "over" };
        appends = tat !== null && tat >= now;
      }
      throw new Error("the clock of the letters' share kept changing");
    },

    async giveBackShare(spacingMs) {
      await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(SHARE_KEY),
            UpdateExpression: "SET tat = tat - :d",
            ConditionExpression: "attribute_exists(tat)",
            ExpressionAttributeValues: toItem({ ":d": spacingMs }),
          }),
        ),
      );
    },
  };
}
