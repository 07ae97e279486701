import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";

/** Write and read units that went to one key: a partition key of a table, or of one of its indexes. */
export interface KeyUse {
  /** `deliveries PAGE#…#SUBSCRIBER#…`, or `deliveries.due DUE#7`. */
  key: string;
  writeUnits: number;
  readUnits: number;
}

const text = z.object({ S: z.string() });
const itemSchema = z.record(z.string(), z.unknown());
const keySchema = z.object({ pk: text });
const inputSchema = z.object({
  TableName: z.string().optional(),
  IndexName: z.string().optional(),
  Key: keySchema.optional(),
  Item: itemSchema.optional(),
  ExpressionAttributeValues: itemSchema.optional(),
  RequestItems: z
    .record(
      z.string(),
      z.union([
        z.object({ Keys: z.array(keySchema) }),
        z.array(z.object({ PutRequest: z.object({ Item: itemSchema }) })),
      ]),
    )
    .optional(),
  TransactItems: z
    .array(
      z.record(z.string(), z.object({ TableName: z.string(), Key: keySchema.optional(), Item: itemSchema.optional() })),
    )
    .optional(),
});
const consumedSchema = z.object({ TableName: z.string(), CapacityUnits: z.number() });
const outputSchema = z.object({
  ConsumedCapacity: z.union([consumedSchema, z.array(consumedSchema)]).optional(),
});

const READS = new Set(["GetItemCommand", "BatchGetItemCommand", "QueryCommand"]);
/** Each has its partition key in `<name>Pk`; a write of an item that has it is one of the index too. */
const INDEXES = ["due", "problems", "open", "purge"];
const KILOBYTE = 1_024;

interface Touched {
  table: string;
  pk: string;
  item?: Record<string, unknown>;
}

/**
 * Adds up, for each key, the capacity that the client's further calls take. What a call reports is shared among the keys
 * that it names, evenly: a batch's items are much alike. An item that goes into an index is counted there by its size.
 */
export function meterKeys(client: DynamoDBClient): { take(): KeyUse[] } {
  let uses = new Map<string, KeyUse>();

  function add(key: string, kind: "writeUnits" | "readUnits", units: number): void {
    const use = uses.get(key) ?? { key, writeUnits: 0, readUnits: 0 };
    use[kind] += units;
    uses.set(key, use);
  }

  client.middlewareStack.add(
    (next, context) => async (request) => {
      const input = inputSchema.parse(request.input);
      Object.assign(request.input, { ReturnConsumedCapacity: "TOTAL" });
      const answer = await next(request);
      const { ConsumedCapacity = [] } = outputSchema.parse(answer.output);
      const kind = READS.has(context.commandName ?? "") ? "readUnits" : "writeUnits";
      const touched = touchedBy(input);
      for (const { TableName, CapacityUnits } of [ConsumedCapacity].flat()) {
        const mine = touched.filter(({ table }) => table === TableName);
        const inIndexes = kind === "readUnits" ? [] : mine.flatMap(indexWrites);
        for (const { key, units } of inIndexes) add(key, kind, units);
        const ofIndexes = inIndexes.reduce((sum, { units }) => sum + units, 0);
        for (const { table, pk } of mine)
          add(`${table} ${pk}`, kind, Math.max(CapacityUnits - ofIndexes, 0) / mine.length);
      }
      return answer;
    },
    { step: "initialize", name: "key-meter" },
  );
  return {
    take() {
      const taken = [...uses.values()];
      uses = new Map();
      return taken;
    },
  };
}

function touchedBy(input: z.infer<typeof inputSchema>): Touched[] {
  const { TableName = "", IndexName, Key, Item, ExpressionAttributeValues, RequestItems, TransactItems } = input;
  const own = (
    table: string,
    key: z.infer<typeof keySchema> | undefined,
    item: Record<string, unknown> | undefined,
  ) => {
    if (key !== undefined) return [{ table, pk: key.pk.S }];
    return item === undefined ? [] : [{ table, pk: text.parse(item.pk).S, item }];
  };
  if (TransactItems !== undefined) {
    return TransactItems.flatMap((action) => Object.values(action)).flatMap((one) =>
      own(one.TableName, one.Key, one.Item),
    );
  }
  if (RequestItems !== undefined) {
    return Object.entries(RequestItems).flatMap(([table, asked]) =>
      Array.isArray(asked)
        ? asked.flatMap(({ PutRequest }) => own(table, undefined, PutRequest.Item))
        : asked.Keys.flatMap((key) => own(table, key, undefined)),
    );
  }
  if (Key !== undefined || Item !== undefined) return own(TableName, Key, Item);
  const pk = text.safeParse(ExpressionAttributeValues?.[":pk"]);
  // A call about a table itself takes none.
  if (!pk.success) return [];
  return [{ table: TableName, pk: IndexName === undefined ? pk.data.S : `(${IndexName}) ${pk.data.S}` }];
}

function indexWrites({ table, item }: Touched): { key: string; units: number }[] {
  if (item === undefined) return [];
  const units = Math.ceil(Buffer.byteLength(JSON.stringify(item)) / KILOBYTE);
  return INDEXES.flatMap((index) => {
    const pk = text.safeParse(item[`${index}Pk`]);
    return pk.success ? [{ key: `${table} (${index}) ${pk.data.S}`, units }] : [];
  });
}
