import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Random } from "../../core/clock.ts";
import { dynamoChunks } from "./dynamo-chunks.ts";
import { dynamoDeliveries } from "./dynamo-deliveries.ts";
import { dynamoNotices } from "./dynamo-notices.ts";
import type { Ledger } from "./ledger.ts";

export interface LedgerDeps {
  client: DynamoDBClient;
  /** Name of the deliveries table. */
  table: string;
  random: Random;
}

/** The ledger in DynamoDB. */
export function dynamoLedger(deps: LedgerDeps): Ledger {
  return { ...dynamoNotices(deps), ...dynamoChunks(deps), ...dynamoDeliveries(deps) };
}
