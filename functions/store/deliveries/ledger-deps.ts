import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Random } from "../../core/clock.ts";

export interface LedgerDeps {
  client: DynamoDBClient;
  /** Name of the deliveries table. */
  table: string;
  random: Random;
}
