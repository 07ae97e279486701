import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";

const capacitySchema = z.object({
  TableName: z.string().optional(),
  CapacityUnits: z.number().optional(),
  ReadCapacityUnits: z.number().optional(),
  WriteCapacityUnits: z.number().optional(),
});
const outputSchema = z.object({ ConsumedCapacity: z.union([capacitySchema, z.array(capacitySchema)]).optional() });

export interface Usage {
  requests: number;
  byCommand: Record<string, { requests: number; units: number }>;
  readUnits: number;
  writeUnits: number;
  bytesWritten: number;
  /** Calls whose answer told the units it took. */
  reported: number;
}

const READS = new Set(["GetItemCommand", "BatchGetItemCommand", "QueryCommand"]);

/** Asks every further call of the client for the capacity it takes, and adds it up. */
export function meterDynamo(client: DynamoDBClient): { read(): Usage } {
  const usage: Usage = { requests: 0, byCommand: {}, readUnits: 0, writeUnits: 0, bytesWritten: 0, reported: 0 };
  client.middlewareStack.add(
    (next, context) => async (request) => {
      Object.assign(request.input, { ReturnConsumedCapacity: "TOTAL" });
      const answer = await next(request);
      const name = context.commandName ?? "";
      const { ConsumedCapacity } = outputSchema.parse(answer.output);
      const all = ConsumedCapacity === undefined ? [] : [ConsumedCapacity].flat();
      const units = all.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      const counted = usage.byCommand[name] ?? { requests: 0, units: 0 };
      usage.byCommand[name] = { requests: counted.requests + 1, units: counted.units + units };
      usage.requests += 1;
      if (all.length > 0) usage.reported += 1;
      if (READS.has(name)) usage.readUnits += units;
      else usage.writeUnits += units;
      if (name === "BatchWriteItemCommand") usage.bytesWritten += Buffer.byteLength(JSON.stringify(request.input));
      return answer;
    },
    { step: "initialize", name: "meter" },
  );
  return { read: () => structuredClone(usage) };
}
