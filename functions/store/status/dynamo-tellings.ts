import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type UpdateTelling, updateTellingSchema } from "../../core/incident.ts";
import { queryAll, toItem } from "../table.ts";
import { updateKey } from "./status-items.ts";
import type { StatusStore } from "./status-store.ts";

/** How many incidents' tellings are kept: more than any time sees announced at once. */
const MOST_KEPT = 20;

const FIELDS = Object.keys(updateTellingSchema.shape);

/**
 * A sender reads an incident's updates for each chunk, and DynamoDB counts whole items, however little of them is asked
 * for: 200 updates of 75 kB would be 3,750 units of the 3,000 that a partition gives in a second. The fields read here
 * never change once committed, and later updates have higher numbers. So each read asks only for the later ones, as
 * consistently as ever.
 */
export function dynamoTellings(client: DynamoDBClient, table: string): Pick<StatusStore, "listTellings"> {
  const seen = new Map<string, readonly UpdateTelling[]>();

  function keep(name: string, tellings: readonly UpdateTelling[]): void {
    seen.delete(name);
    seen.set(name, tellings);
    const [oldest] = seen.keys();
    if (seen.size > MOST_KEPT && oldest !== undefined) seen.delete(oldest);
  }

  return {
    async listTellings(pageId, incidentId) {
      const { pk } = updateKey(pageId, incidentId, 0);
      const known = seen.get(pk) ?? [];
      const newer = await queryAll(client, {
        TableName: table,
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :next AND :end",
        ProjectionExpression: FIELDS.map((field) => `#${field}`).join(", "),
        ExpressionAttributeNames: Object.fromEntries(FIELDS.map((field) => [`#${field}`, field])),
        ExpressionAttributeValues: toItem({
          ":pk": pk,
          ":next": updateKey(pageId, incidentId, (known.at(-1)?.seq ?? 0) + 1).sk,
          // Sorts after every number.
          ":end": "UPDATE#~",
        }),
      });
      const all = [...known, ...z.array(updateTellingSchema).parse(newer)];
      if (all.length > 0) keep(pk, all);
      return all;
    },
  };
}
