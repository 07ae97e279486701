import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod/mini";
import { type Rendering, renderingSchema } from "../../core/rendering.ts";
import { repeatWhileBusy } from "../repeat.ts";
import { fromItem, getItem, toItem } from "../table.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";
import { expiryOf, renderingKey } from "./ledger-items.ts";

const renderingItemSchema = z.object({ rendering: renderingSchema });

/** How many texts are kept: all formats and languages of more updates than any time sees sent at once. */
const MOST_KEPT = 60;

/**
 * The part of the ledger that stores an update's texts. A sender asks for a text with each chunk, and one of 40 kB
 * takes 10 read units: 500 chunks a second would take more than a partition gives. A stored text never changes, so it
 * is read once.
 */
export function dynamoTexts({ client, table, random }: LedgerDeps): Pick<Ledger, "keepRendering" | "getRendering"> {
  const seen = new Map<string, Rendering>();

  function keep(name: string, rendering: Rendering): void {
    seen.set(name, rendering);
    const [oldest] = seen.keys();
    if (seen.size > MOST_KEPT && oldest !== undefined) seen.delete(oldest);
  }

  return {
    async keepRendering(key, rendering, now) {
      const put = new PutItemCommand({
        TableName: table,
        Item: toItem({ ...renderingKey(key), rendering, expiresAt: expiryOf(now) }),
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      const { refusal } = await repeatWhileBusy(random, () => client.send(put));
      const first = refusal?.old[0];
      return first === undefined ? rendering : renderingItemSchema.parse(fromItem(first)).rendering;
    },

    async getRendering(key) {
      const { pk, sk } = renderingKey(key);
      const name = `${pk} ${sk}`;
      const known = seen.get(name);
      if (known !== undefined) return known;
      const item = await getItem(client, table, { pk, sk });
      if (item === null) return null;
      const { rendering } = renderingItemSchema.parse(item);
      keep(name, rendering);
      return rendering;
    },
  };
}
